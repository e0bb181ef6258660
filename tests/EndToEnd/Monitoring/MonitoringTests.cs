using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;

namespace Talreg.EndToEnd.Tests.Monitoring;

/// <summary>What ops see, against Debian's Prometheus: rules, their trial, and every query on a live recorder.</summary>
public sealed class MonitoringTests
{
    private static readonly string[] Trials = ["talreg.rules.test.yml", "talreg.rules.slow.test.yml"];
    private static readonly TimeSpan CallLength = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Rules_and_configuration_are_accepted_and_every_alert_fires_on_what_it_waits_for()
    {
        var promtool = Peer.Require("promtool", PrometheusServer.Package);
        string[][] commands =
        [
            ["check", "config", "prometheus.yml"],
            ["check", "rules", "talreg.rules.yml"],
            ["test", "rules", .. Trials],
        ];
        foreach (var command in commands)
        {
            var (code, output) = await Peer.RunAsync(
                promtool,
                command,
                MonitoringFiles.Folder,
                TimeSpan.FromSeconds(60),
                TestContext.Current.CancellationToken);
            Assert.True(code == 0, output);
        }

        var tried = string.Concat(Trials.Select(
            trial => File.ReadAllText(Path.Combine(MonitoringFiles.Folder, trial))));
        var alerts = MonitoringFiles.Alerts().ToList();
        Assert.NotEmpty(alerts);
        Assert.All(alerts, alert => Assert.Contains($"- name: {alert}\n", tried, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_query_of_rules_and_dashboards_answers_from_a_live_recorder()
    {
        Peer.Require("prometheus", PrometheusServer.Package);
        var archive = Recorder.NewFolder();
        try
        {
            await using var recorder = await Recorder.StartAsync(
                change: settings => settings with { Archive = archive });
            await AssertAllAnswerAsync(recorder);
        }
        finally
        {
            Directory.Delete(archive, recursive: true);
        }
    }

    private static async Task AssertAllAnswerAsync(Recorder recorder)
    {
        await using var prometheus = await PrometheusServer.StartAsync(recorder.Http.BaseAddress!);
        await prometheus.WaitForAsync("talreg_sessions == 0");
        for (var i = 0; i < 2; i++)
        {
            var placed = await DemoCallTests.PlaceAsync(new DemoCallOptions
            {
                Recorder = recorder.Sip, MaxDuration = CallLength,
            });
            await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        }

        await prometheus.WaitForAsync("talreg_takes_sealed_total == 2");
        await prometheus.WaitForAsync("sum(increase(talreg_admission_seconds_count[5m])) > 0");
        var queries = MonitoringFiles.Queries().ToList();
        Assert.True(queries.Count > 50, $"only {queries.Count} queries were found");
        var silent = new List<string>();
        foreach (var query in queries)
        {
            var values = await prometheus.QueryAsync(query);
            if (values.Count == 0 || values.TrueForAll(double.IsNaN))
            {
                silent.Add(query);
            }
        }

        Assert.True(silent.Count == 0, $"without an answer:\n{string.Join('\n', silent)}");
        Assert.Equal([2], await prometheus.QueryAsync("sum(talreg_sip_sessions_accepted_total)"));
        Assert.Equal([], await prometheus.QueryAsync("ALERTS{alertstate=\"firing\"}"));
    }
}
