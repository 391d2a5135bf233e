# What looks like a secret and stands in plain sight. The first version of the platform had its database password in the
# environment of a task definition, where everybody who may describe one could read it, in every revision for ever.
locals {
  # By name: a word that means a secret ...
  _secret_name = "(PASSWORD|PASSWD|PASSPHRASE|SECRET(S|_|$)|CREDENTIALS?(_|$)|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY|TOKEN(_|$)|_(PASS|PWD)$)"

  # ... unless the name goes on to say that this is a setting about one: how long it lives, where it lies, what it is called.
  _setting_name = join("", [
    "_(SECONDS|MINUTES|HOURS|DAYS|MS|TTL|TIMEOUT|INTERVAL|EXPIRY|EXPIRATION|LIFETIME|UNTIL|SIZE|LENGTH|LIMIT|COUNT|MAX|MIN|BYTES|RETRIES",
    "|URL|URI|ENDPOINT|HOST|PORT|PATH|FILE|DIR|ARN|NAME|PREFIX|HEADER|PARAMETER|REGION|ISSUER|AUDIENCE|ALGORITHM|TYPE|FORMAT|VERSION|MODE|POLICY",
    "|SCOPE|SCOPES|ENABLED|DISABLED|REQUIRED|ALLOWED|ID)$",
  ])

  # An access key's id is half of a credential, and nothing that a task needs: its role has none that lasts.
  _access_key_id = "ACCESS_?KEY_?ID$"

  # By value, whatever the name says.
  _secret_values = {
    "an AWS access key"         = "(^|[^A-Za-z0-9])(AKIA|ASIA)[A-Z0-9]{16}($|[^A-Za-z0-9])"
    "a private key"             = "-----BEGIN [A-Z0-9 ]*PRIVATE KEY"
    "a URL with a password"     = "[A-Za-z][A-Za-z0-9+.-]*://[^/?#\\s:@]*:[^/?#\\s@]+@"
    "a JSON web token"          = "(^|[^A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}[.]eyJ[A-Za-z0-9_-]{8,}[.][A-Za-z0-9_-]*"
    "a GitHub token"            = "(^|[^A-Za-z0-9])(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"
    "a GitLab or Slack token"   = "(^|[^A-Za-z0-9])(glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,})"
    "a key of an API (sk-, AI)" = "(^|[^A-Za-z0-9])(sk[-_](live|proj|ant)[-_][A-Za-z0-9_-]{16,}|AIza[A-Za-z0-9_-]{35})"
  }

  # Flags and nothing are no secrets, whatever they are called (CORS_ALLOW_CREDENTIALS = "true").
  _secret_names = flatten([for container, value in var.containers : [
    for name, text in value.environment : "container \"${container}\": ${name} (by its name)"
    if !contains(["", "true", "false"], lower(text)) && anytrue([
      can(regex(local._access_key_id, upper(name))),
      can(regex(local._secret_name, upper(name))) && !can(regex(local._setting_name, upper(name))),
    ])
  ]])

  # Every text of a container, by where it stands: a secret on the command line is as visible as one in the environment.
  _texts = flatten([for container, value in var.containers : concat(
    [for name, text in value.environment : { container = container, where = name, text = text }],
    [for text in coalesce(value.entrypoint, []) : { container = container, where = "entrypoint", text = text }],
    [for text in coalesce(value.command, []) : { container = container, where = "command", text = text }],
    [for text in value.health_check == null ? [] : value.health_check.command : { container = container, where = "health_check.command", text = text }],
  )])

  _secret_texts = flatten([for text in local._texts : [
    for kind, pattern in local._secret_values : "container \"${text.container}\": ${text.where} (${kind})"
    if can(regex(pattern, text.text))
  ]])

  _plain_secrets = distinct(concat(local._secret_names, local._secret_texts))
}
