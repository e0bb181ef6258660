using Talreg.TestKit.State;
using Xunit.v3;

// One recorder at a time: these tests look at packets that must not be late because of a neighbour.
[assembly: Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(PostgresServer))]
