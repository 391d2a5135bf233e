"""The platform, started from what an account holds and from nothing else.

    with running_platform(account, "hokusai-staging", workplace, narrate=print) as platform:    # runtime.py
        platform.run_task("hokusai-mlflow-migration-staging")     # waits for its end; raises PlatformFailure
        platform.start_services()
        platform.wait_until_steady(120)                           # raises PlatformFailure with the resource to blame
        subprocess.run([client, ...], env=platform.client_environment(os.environ))
        platform.verdict()                                        # raises PlatformFailure: what was refused or denied

A client that runs with `client_environment` is on the internet: public names resolve through the account's public
zones, port 443 of a load balancer is its listener, private names and addresses do not exist, and the run's authority is
trusted. It needs no code of its own: MLFLOW_TRACKING_URI=https://registry.<domain>/api/mlflow works as it will on AWS.

How it holds together:
- `definitions`, `listeners`, `permissions`, `protected` read what is applied; nothing else is known about a platform.
- `network.c` is loaded into every program. It gives a task its own address, asks `names` for names and `gate` for every
  connection; `network` and `security_groups` decide.
- `task_start` does what ECS does before a container runs, `container_settings` says how it is started, `container` and
  `container_init` start it, `tasks` and `services` watch it; `registrations` enters it, `targets` checks its health.
- `front_door` and `conversation` are the load balancers, `aws_endpoint` is AWS for the tasks: `aws_calls` knows which
  permissions a call needs and `authorizer` asks the policies; `container_endpoint` serves credentials and metadata.
- `assembly` brings all of that up, `runtime` is what preflight uses, `record` keeps what was seen, `model` its words.
What stands for what, and what is not the same as on AWS: docs/preflight.md.
"""
