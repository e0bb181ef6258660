using Talreg.Contracts.Calls;
using Talreg.State.Search;

namespace Talreg.State.Tests;

/// <summary>The conformance suite on SQLite.</summary>
public sealed class SqliteCallIndexTests : CallIndexConformance, IDisposable
{
    private readonly TemporaryDatabase _temporary = new();

    public SqliteCallIndexTests() => Index = new SqliteCallIndex(_temporary.Database);

    protected override ICallIndex Index { get; }

    public void Dispose() => _temporary.Dispose();
}
