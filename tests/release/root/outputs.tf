output "hosts" {
  description = "Public host names."
  value       = { registry = "registry.${var.domain}" }
}
