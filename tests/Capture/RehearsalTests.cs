using System.Runtime;

namespace Talreg.Capture.Tests;

public sealed class RehearsalTests
{
    [Fact]
    public void Run_again_findsNextToNothingToCompile()
    {
        var methods = Rehearsal.Run();
        var before = JitInfo.GetCompiledMethodCount(currentThread: true);

        Rehearsal.Run();

        // What it needs itself is compiled by the runtime's own rules.
        Assert.InRange(JitInfo.GetCompiledMethodCount(currentThread: true) - before, 0, methods / 20);
        Assert.True(methods > 500, $"only {methods} methods");
    }
}
