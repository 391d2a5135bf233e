"""The database of the first version."""

from typing import Final

from tests.release.adopt.first_version.account import ENVIRONMENT, OldAccount, tag_list

# Of the instance, its subnet group and its parameter group.
_NAME: Final = f"hokusai-mlflow-{ENVIRONMENT}"


def make_database(old: OldAccount) -> None:
    """Make it, encrypted with the key that RDS takes where none is named.

    Args:
        old: the account.
    """
    rds = old.client("rds")
    key = old.client("kms").create_key(Description="Default key that protects my RDS database volumes")["KeyMetadata"]
    managed = "Managed by Terraform"
    rds.create_db_subnet_group(
        DBSubnetGroupName=_NAME, DBSubnetGroupDescription=managed, SubnetIds=old.private, Tags=tag_list()
    )
    rds.create_db_parameter_group(
        DBParameterGroupName=_NAME, DBParameterGroupFamily="postgres15", Description=managed, Tags=tag_list()
    )
    rds.create_db_instance(
        DBInstanceIdentifier=_NAME,
        Engine="postgres",
        EngineVersion="15.17",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MaxAllocatedStorage=100,
        StorageType="gp2",
        StorageEncrypted=True,
        KmsKeyId=key["Arn"],
        DBName="mlflow_db",
        MasterUsername="mlflow",
        MasterUserPassword="in-the-environment-of-each-task",  # which is what was wrong with it
        VpcSecurityGroupIds=[old.groups["rds"]],
        DBSubnetGroupName=_NAME,
        DBParameterGroupName=_NAME,
        BackupRetentionPeriod=7,
        PreferredBackupWindow="03:00-04:00",
        PreferredMaintenanceWindow="sun:05:00-sun:06:00",
        MultiAZ=True,
        DeletionProtection=True,
        EnableCloudwatchLogsExports=["postgresql"],
        Tags=tag_list(),
    )
    old.kept |= {
        "module.database.aws_db_instance.this": _NAME,
        "module.database.aws_db_subnet_group.this": _NAME,
    }


def database_key(old: OldAccount) -> str:
    """The key of the database, as the page says where to read it.

    Args:
        old: the account.
    """
    [instance] = old.client("rds").describe_db_instances(DBInstanceIdentifier=_NAME)["DBInstances"]
    return str(instance["KmsKeyId"])
