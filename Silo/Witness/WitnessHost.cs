using Microsoft.AspNetCore.Server.Kestrel.Core;
using Prometheus;
using Talreg.Evidence.Keys;
using Talreg.Evidence.Ledger;
using Talreg.Evidence.Witness;
using Talreg.Silo.Hosting;
using Talreg.Silo.Options;

namespace Talreg.Silo.Witness;

/// <summary>
/// A witness: an auditor's program, on the auditor's machine. It shares no data with the recorders it follows; its folder holds its key
/// and the largest checkpoint it has seen of each log.
/// </summary>
internal sealed class WitnessHost : ProgramHost
{
    private const string KeyFile = "witness.key";

    private readonly DataFolder _folder;
    private readonly Cosigner _cosigner;

    private WitnessHost(DataFolder folder, Cosigner cosigner, WebApplication app)
        : base(app)
    {
        _folder = folder;
        _cosigner = cosigner;
    }

    /// <summary>The key by which logs and verifiers know this witness.</summary>
    public WitnessKey Key => _cosigner.Verifier;

    /// <summary>What was seen.</summary>
    public WitnessRegister Register => Services.GetRequiredService<WitnessRegister>();

    /// <summary>Reads the logs.</summary>
    public WitnessFollower Follower => Services.GetRequiredService<WitnessFollower>();

    /// <summary>Opens the folder and takes up what was seen before; makes a key at the first start.</summary>
    /// <param name="options">Whom it follows.</param>
    /// <param name="follows">False only serves and is told when to read.</param>
    /// <exception cref="StartRefusedException">With the line to print.</exception>
    public static WitnessHost Open(WitnessOptions options, bool follows)
    {
        var folder = DataFolder.Take(options.Data);
        Cosigner? cosigner = null;
        try
        {
            PortCheck.RequireStream(SettingKey.Http, options.Http);
            var path = Path.Combine(folder.Path, KeyFile);
            using var seed = File.Exists(path) ? RootKey.Load(path) : RootKey.Create(path);
            cosigner = new Cosigner(options.Name, seed.Span);
            var logs = options.Logs.Select(log => WitnessedLog.Open(
                Path.Combine(folder.Path, "logs"), log.Key, cosigner, TimeProvider.System)).ToList();
            return new WitnessHost(folder, cosigner, Build(options, cosigner, logs, follows));
        }
        catch (Exception e) when (e is StartRefusedException or IOException or UnauthorizedAccessException
            or LogException or ArgumentException)
        {
            cosigner?.Dispose();
            folder.Dispose();
            throw e as StartRefusedException ?? new StartRefusedException(e.Message);
        }
    }

    /// <inheritdoc />
    protected override ValueTask CloseAsync()
    {
        _cosigner.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private static WebApplication Build(
        WitnessOptions options, Cosigner cosigner, List<WitnessedLog> logs, bool follows)
    {
        var builder = CreateBuilder(LogLevel.Information, options.Http);
        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = AddCheckpoint.MaxLength;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });
        var registry = Metrics.NewCustomRegistry();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(provider => new WitnessRegister(
            logs, registry, TimeProvider.System, provider.GetRequiredService<ILogger<WitnessRegister>>()));
        builder.Services.AddSingleton<WitnessFollower>();
        if (follows)
        {
            builder.Services.AddHostedService(provider => provider.GetRequiredService<WitnessFollower>());
        }

        var app = builder.Build();
        WitnessEndpoints.Map(app, cosigner.Verifier, registry);
        return app;
    }
}
