using Talreg.TestKit.State;

[assembly: AssemblyFixture(typeof(PostgresServer))]
