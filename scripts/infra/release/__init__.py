"""Everything after the review: what was planned is applied, followed, recorded, and taken back.

- `apply` and `destroy` are what people call; `preconditions` come first, `run` keeps the entry from begin to end,
  `records` says what is entered, `proof` and `front_door` show that it works, `finish` does what an interruption left.
- `ledger/` is the record; `books` opens it and the state beside each other, `settled` refuses to go on while the
  outcome of something earlier is unknown.
- `tasks/`: what an apply does to ECS beside Terraform: the schema is migrated, services are followed.
- `deploying/`: images, from the name that a person types to the plan; promoting from one environment to another.
- `rollback/`: back to what an entry of the ledger ran.
- `recovery/`: what an interrupted change did, found out from the journal, the state and the account.
- `drift/`: what an account is that no plan shows; `adopt/`: keeping it. `there` and `natural_key` tell which object of
  the account is the one that a plan would make, for adopt and recovery.
"""
