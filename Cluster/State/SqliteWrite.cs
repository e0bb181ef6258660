namespace Talreg.State;

/// <summary>One caller's write in the queue.</summary>
internal abstract class SqliteWrite
{
    /// <summary>Runs inside the open transaction, on the writer's thread.</summary>
    public abstract void Run(SqliteSession session);

    /// <summary>Tells the caller that the write is on stable storage.</summary>
    public abstract void Complete();

    /// <summary>Tells the caller that nothing of it was stored.</summary>
    public abstract void Fail(Exception reason);
}

/// <inheritdoc />
internal sealed class SqliteWrite<T>(Func<SqliteSession, T> write) : SqliteWrite
{
    // A caller's continuation must never run on the writer's thread.
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    /// <summary>Completes after the commit.</summary>
    public Task<T> Done => _done.Task;

    public override void Run(SqliteSession session) => _result = write(session);

    public override void Complete() => _done.TrySetResult(_result!);

    public override void Fail(Exception reason) => _done.TrySetException(reason);
}
