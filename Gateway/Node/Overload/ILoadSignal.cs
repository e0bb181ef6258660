namespace Talreg.Gateway.Overload;

/// <summary>
/// How far one resource is used, for <see cref="LoadMonitor"/>. The seam between what can run out (a core, the journal's ring, a
/// volume) and what is done about it: whoever owns a resource implements it.
/// </summary>
public interface ILoadSignal
{
    /// <summary>The resource's word in logs and metrics: <c>core</c>, <c>ring</c>, <c>volume</c>.</summary>
    string Resource { get; }

    /// <summary>From this share on, live taps and sealing stop. Above 1: they would not help.</summary>
    double ShedAt { get; }

    /// <summary>From this share on, new INVITEs are answered 503.</summary>
    double RefuseAt { get; }

    /// <summary>The share in use now, 0 to 1. Called by one thread, every <see cref="LoadMonitor.Interval"/>.</summary>
    double Read();
}
