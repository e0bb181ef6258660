namespace Talreg.Store.IO;

/// <summary>
/// Threads for work that can wait: recovery, sealing, scrub. They are nicer than every other, so that the scheduler gives
/// capture the processor first.
/// </summary>
public static class BackgroundThread
{
    // Under CFS and EEVDF a thread of niceness 10 weighs about a tenth of one of 0.
    private const int Niceness = 10;

    /// <summary>Runs work on a thread of its own.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="work">Blocks as it likes; what it throws is the task's.</param>
    public static Task<T> RunAsync<T>(string name, Func<T> work)
    {
        var task = new Task<T>(work);
        Start(name, task);
        return task;
    }

    /// <summary>Runs work without a result on a thread of its own.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="work">Blocks as it likes; what it throws is the task's.</param>
    public static Task RunAsync(string name, Action work)
    {
        var task = new Task(work);
        Start(name, task);
        return task;
    }

    private static void Start(string name, Task task)
    {
        var thread = new Thread(() =>
        {
            // Making a thread nicer needs no privilege; one that stays as it was is slower for others, not wrong.
            _ = Libc.SetPriority(0, 0, Niceness);
            task.RunSynchronously(TaskScheduler.Default);
        })
        {
            Name = name,
            IsBackground = true,
        };
        thread.Start();
    }
}
