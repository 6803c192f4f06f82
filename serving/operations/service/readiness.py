"""Whether a process can do its work now, for a load balancer."""

from serving.platform.runtime import Runtime


def check_ready(runtime: Runtime) -> None:
    """Check that the database answers and that the last transaction was written.

    Nothing is written, because anybody may ask. The heartbeat of the worker writes: it finds a fault within half a
    minute where nobody else writes, and within a sweep that the fault has passed.

    Raises
    ------
    Unavailable
        It does not answer, or does not write.
    """
    with runtime.store.read() as connection:
        connection.exec_driver_sql("SELECT 1")
    if runtime.store.fault is not None:
        raise type(runtime.store.fault)
