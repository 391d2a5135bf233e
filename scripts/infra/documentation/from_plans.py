"""The documents that are made from saved plans."""

from infra.documentation.architecture import write_architecture
from infra.documentation.cost import write_cost
from infra.documentation.permissions import write_permissions
from infra.documentation.planned import saved_plans


def write_documents_from_plans() -> None:
    """Write them, as far as there are plans; say which plan is missing for the others.

    Raises:
        InfraError: a plan cannot be read, or holds what a document cannot show.
    """
    plans = saved_plans()
    write_permissions(plans)
    write_architecture(plans)
    write_cost(plans)
