namespace Talreg.State;

/// <summary>What the writer has done since the database was opened.</summary>
/// <param name="Writes">Writes acknowledged.</param>
/// <param name="Commits">Transactions committed: one sync of the log each.</param>
/// <param name="LargestBatch">Most writes in one transaction.</param>
/// <param name="Failures">Writes refused or rolled back.</param>
public readonly record struct SqliteStatistics(long Writes, long Commits, int LargestBatch, long Failures);
