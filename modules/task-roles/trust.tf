# Only ECS, only for tasks of this account and region: without the conditions ECS could be made to use these roles for
# somebody else's task. The cluster itself cannot be named: for tasks, AWS sets no SourceArn that holds it.
data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "TasksOfThisAccount"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local._account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local._partition}:ecs:${local._region}:${local._account_id}:*"]
    }
  }
}
