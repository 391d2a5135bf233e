# Only there to send people who type the bare host name to HTTPS. It never forwards: a key sent over plain HTTP is lost
# already, and an answer would only hide that.
resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }

  tags = merge(var.tags, { Name = "${local._name}-http" })
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = var.certificate_arn
  ssl_policy        = var.ssl_policy

  # What no rule names is answered here and reaches no target, in the form that MLflow clients read errors in.
  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "application/json"
      status_code  = "404"
      message_body = jsonencode({
        error_code = "ENDPOINT_NOT_FOUND"
        message    = "No such endpoint. Check the host name and the path of the tracking URI."
      })
    }
  }

  tags = merge(var.tags, { Name = "${local._name}-https" })
}
