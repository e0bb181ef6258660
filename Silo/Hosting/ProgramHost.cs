using System.Net;
using System.Net.Sockets;

namespace Talreg.Silo.Hosting;

/// <summary>A web application and what it stands on: started once, told to stop, closed from the top down.</summary>
internal abstract class ProgramHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private bool _started;

    protected ProgramHost(WebApplication app) => _app = app;

    /// <summary>The application's services.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Where HTTP is served, with the port taken.</summary>
    public Uri Http => new(_app.Urls.First());

    /// <summary>Raised when the process is told to stop.</summary>
    public CancellationToken Stopping => Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

    /// <summary>Starts the services in the order in which they were added, HTTP last.</summary>
    /// <exception cref="StartRefusedException">With the line to print.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // A start that fails half way has services to stop too.
        _started = true;
        try
        {
            await _app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (
            e is IOException or SocketException or Sip.SipListenerException or Sip.Transport.SipTlsException
                or OrleansException or Contracts.RefusalException)
        {
            throw new StartRefusedException(e.Message);
        }
    }

    /// <summary>Waits until the process is told to stop: SIGTERM, Ctrl-C, or the token. Disposing stops it.</summary>
    public async Task WaitForStopAsync(CancellationToken cancellationToken)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var signal = Stopping.Register(() => told.TrySetResult());
        using var caller = cancellationToken.Register(() => told.TrySetResult());
        await told.Task.ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_started)
        {
            await _app.StopAsync().ConfigureAwait(false);
        }

        await _app.DisposeAsync().ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Closes what the application stood on, after it.</summary>
    protected abstract ValueTask CloseAsync();

    /// <summary>An application without anything but HTTP at an address, and our log.</summary>
    protected static WebApplicationBuilder CreateBuilder(LogLevel logLevel, IPEndPoint http)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "talreg" });
        builder.Logging.AddSimpleConsole(format => format.SingleLine = true);
        builder.Logging.SetMinimumLevel(logLevel);
        builder.Logging.AddFilter("Orleans", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);

        // The watchdog takes the pauses of a start for trouble; a recorder's own measures are those of its gateway.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);

        // It also advises server GC: this process holds the gateway, whose heap is kept small on purpose.
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error);
        builder.Logging.AddFilter("Polly", LogLevel.Warning);

        // A start that fails is told in one line by the verb, not by the host with its stack.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(http));
        builder.Services.AddRouting();
        builder.Services.AddSingleton(TimeProvider.System);
        return builder;
    }

    /// <summary>A port of loopback that is free now.</summary>
    protected static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    /// <summary>An address whose port is taken: a free one of loopback where it has none.</summary>
    protected static IPEndPoint WithPort(IPEndPoint address) =>
        address.Port == 0 ? new IPEndPoint(address.Address, FreePort()) : address;
}
