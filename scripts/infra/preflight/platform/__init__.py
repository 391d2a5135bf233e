"""The platform, started from what an account holds and from nothing else.

    with running_platform(account, "hokusai-staging", workplace, narrate=print) as platform:
        platform.run_task("hokusai-mlflow-migration-staging")     # waits for its end; raises PlatformFailure
        platform.start_services()
        platform.wait_until_steady(120)                           # raises PlatformFailure with the resource to blame
        subprocess.run([client, ...], env=platform.client_environment(os.environ))
        platform.verdict()                                        # raises PlatformFailure: what was refused or denied

A client that runs with `client_environment` is on the internet: public names resolve through the account's public
zones, port 443 of a load balancer is its listener, private names and addresses do not exist, and the run's authority is
trusted. It needs no code of its own: MLFLOW_TRACKING_URI=https://registry.<domain>/api/mlflow works as it will on AWS.

The interface (types in model.py):

    running_platform(account: EmulatedAccount, cluster: str, workplace: Path, *,
                     narrate: Callable[[Event], None] = ignore, hurry: float = 10.0) -> Iterator[Platform]
        # database, names, front door and AWS endpoint are up; no task runs yet. Everything is stopped at its end.
        # hurry: health check intervals (of containers and target groups) are divided by it.

    class Platform:
        hosts: Mapping[str, Endpoint]              # public host name -> where its load balancer listens
        tasks: list[Task]                          # all, also those that have stopped
        events: list[Event]; exchanges: list[Exchange]; refusals: list[Refusal]; aws_calls: list[AwsCall]
        targets: list[TargetHealth]
        ca_file: Path                              # authority of the run, PEM
        limits: list[str]                          # what this machine does not allow to be checked, for the report
        auth: AuthDouble | None                    # keys of the double that stands for the auth image: .add(key, ...)
        run_task(family: str, seconds: float = 300) -> Task          # RunTask with the newest active revision
        start_services() -> None
        refresh() -> None                          # read the services again: deploys what changed
        wait_until_steady(seconds: float) -> None
        route(host, path, method="GET", *, scheme="https") -> Exchange   # decided, not sent
        client_environment(base: Mapping[str, str], task: Task | None = None) -> dict[str, str]
        verdict() -> None
        # drills
        kill(task: Task) -> None; stop_database() -> None; start_database() -> None
        deny(action_prefix: str) -> None; allow() -> None             # e.g. deny("s3:")
"""
