"""The account as the first version of the platform left it, made by boto3: the provider would sleep for minutes.

What stood there is public (Hokusai-protocol/hokusai-data-pipeline, `infrastructure/terraform`): here is what keeps its
name, and of the rest enough to be in the way. Nothing is as this repository would make it.
"""
