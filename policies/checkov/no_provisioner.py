"""A provisioner runs a program during apply; what it does stands in no plan, so nobody has reviewed it."""

from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class NoProvisioner(BaseResourceCheck):
    """Fails every resource with a provisioner block."""

    def __init__(self) -> None:
        super().__init__(
            name="Ensure no resource runs a provisioner: what it does stands in no plan",
            id="CKV_HOK_1",
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=["*"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Judge one resource.

        Args:
            conf: its configuration, values wrapped in lists.

        Returns:
            Whether it passes.
        """
        return CheckResult.FAILED if conf.get("provisioner") else CheckResult.PASSED


check = NoProvisioner()
