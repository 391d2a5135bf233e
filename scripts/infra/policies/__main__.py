"""`python -m infra.policies plan.json --configuration DIR`: judge another repository's plan by these policies."""

import sys
from pathlib import Path

import click

from infra.console import note
from infra.errors import InfraError
from infra.policies.judgement import other_configuration
from infra.scan import report, scan_files


@click.command()
@click.argument("plan", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--configuration",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The root module that the plan is of, after `terraform init`.",
)
def main(plan: Path, configuration: Path) -> None:
    """Judge PLAN (the output of `terraform show -json`) and its configuration; non-zero on any finding."""
    try:
        report(scan_files(other_configuration(configuration), {plan.name: plan}, complete=False))
    except InfraError as error:
        note(f"ERROR {error}", style="bold red")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
