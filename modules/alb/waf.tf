locals {
  # Rules of AWS's managed groups that only count here, by group. Every request to this platform may be an upload, and a
  # model is arbitrary bytes: a rule that judges a body (or its size: the limit is 8 KB) would refuse models at random.
  # The names of artifacts, which are the clients' own ("train.log", "conf.ini"), stand in paths and queries, so rules
  # about file extensions go the same way; and comparing runs asks with up to 100 run ids in one query, over 2 KB.
  _managed_rule_groups = {
    AWSManagedRulesAmazonIpReputationList = {
      priority = 10
      counted  = []
    }
    AWSManagedRulesKnownBadInputsRuleSet = {
      priority = 20
      counted  = ["JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"]
    }
    AWSManagedRulesCommonRuleSet = {
      priority = 30
      counted = [
        "CrossSiteScripting_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "RestrictedExtensions_QUERYARGUMENTS",
        "RestrictedExtensions_URIPATH",
        "SizeRestrictions_BODY",
        "SizeRestrictions_QUERYSTRING",
      ]
    }
  }
}

resource "aws_wafv2_web_acl" "this" {
  name        = local._name
  description = "Requests to ${local._name}"
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  # First, so that a flood is cut off before anything costlier looks at it. 429 is what clients back off from; the
  # managed groups answer 403, which they do not retry.
  rule {
    name     = "rate-limit"
    priority = 0

    action {
      block {
        custom_response {
          custom_response_body_key = "rate-limited"
          response_code            = 429
        }
      }
    }

    statement {
      rate_based_statement {
        aggregate_key_type    = "IP"
        evaluation_window_sec = 300
        limit                 = var.waf.rate_limit_per_5_minutes
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${local._name}-rate-limit"
      sampled_requests_enabled   = false
    }
  }

  dynamic "rule" {
    for_each = local._managed_rule_groups

    content {
      name     = rule.key
      priority = rule.value.priority

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          name        = rule.key
          vendor_name = "AWS"

          dynamic "rule_action_override" {
            for_each = rule.value.counted

            content {
              name = rule_action_override.value

              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "${local._name}-${rule.key}"
        sampled_requests_enabled   = false
      }
    }
  }

  custom_response_body {
    key          = "rate-limited"
    content_type = "APPLICATION_JSON"
    content = jsonencode({
      error_code = "REQUEST_LIMIT_EXCEEDED"
      message    = "Too many requests from this address within five minutes. Wait and try again."
    })
  }

  # Samples show whole headers in the console, API keys among them, and nothing redacts them there as the logs are.
  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = local._name
    sampled_requests_enabled   = false
  }

  tags = merge(var.tags, { Name = local._name })
}

resource "aws_wafv2_web_acl_association" "this" {
  resource_arn = aws_lb.this.arn
  web_acl_arn  = aws_wafv2_web_acl.this.arn
}
