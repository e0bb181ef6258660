using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NSubstitute;
using Prometheus;
using Talreg.Api.Recordings;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Gateways;
using Talreg.Contracts.Ledger;
using Talreg.Contracts.Policies;

namespace Talreg.Api.Tests;

/// <summary>The API on a real Kestrel on a loopback port, over substitutes for the cluster.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    public const string Token = "tlr_test-token-of-sufficient-length";


    private ApiHost(WebApplication app) => App = app;

    public WebApplication App { get; }

    public HttpClient Client { get; private set; } = null!;

    public HttpClient Anonymous { get; private set; } = null!;

    public ICallGrain Call { get; } = Substitute.For<ICallGrain>();

    public IChannelGrain Channel { get; } = Substitute.For<IChannelGrain>();

    public IRetentionPolicyGrain Policy { get; } = Substitute.For<IRetentionPolicyGrain>();

    public IInterfacesGrain Interfaces { get; } = Substitute.For<IInterfacesGrain>();

    public IInterfaceGrain Interface { get; } = Substitute.For<IInterfaceGrain>();

    public IGatewayGrain Gateway { get; } = Substitute.For<IGatewayGrain>();

    public IGatewayGrain Standby { get; } = Substitute.For<IGatewayGrain>();

    public IPolicySimulationGrain Simulation { get; } = Substitute.For<IPolicySimulationGrain>();

    public ILedgerGrain Ledger { get; } = Substitute.For<ILedgerGrain>();

    public ICallIndex Index { get; } = Substitute.For<ICallIndex>();

    public FakeMedia Media { get; } = new();

    public FakeLive Live { get; } = new();

    public static async Task<ApiHost> StartAsync(
        TimeSpan? ledgerDeadline = null, Func<TalregApiOptions, TalregApiOptions>? change = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions());
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var grains = Substitute.For<IGrainFactory>();
        var folder = Directory.CreateTempSubdirectory("talreg-api-tokens-").FullName;
        builder.Services.AddSingleton(grains);
        var options = new TalregApiOptions
        {
            TokenFile = Path.Combine(folder, "tokens.json"),
            BootstrapToken = Token,
            Registry = Metrics.NewCustomRegistry(),
            LedgerDeadline = ledgerDeadline ?? TimeSpan.FromSeconds(5),
        };
        builder.Services.AddTalregApi(change?.Invoke(options) ?? options);
        ApiHost? host = null;
        builder.Services.AddSingleton(_ => host!.Index);
        builder.Services.AddSingleton<IRecordedMedia>(_ => host!.Media);
        builder.Services.AddSingleton<ILiveMedia>(_ => host!.Live);
        host = new ApiHost(builder.Build());
        grains.GetGrain<ICallGrain>(Arg.Any<Guid>()).Returns(host.Call);
        grains.GetGrain<IChannelGrain>("default/sip/1001").Returns(host.Channel);
        grains.GetGrain<IRetentionPolicyGrain>("default/default").Returns(host.Policy);
        grains.GetGrain<IInterfacesGrain>("default").Returns(host.Interfaces);
        grains.GetGrain<IInterfaceGrain>("default/sip").Returns(host.Interface);
        grains.GetGrain<IGatewayGrain>("default/gw1").Returns(host.Gateway);
        grains.GetGrain<IGatewayGrain>("default/gw2").Returns(host.Standby);

        grains.GetGrain<IPolicySimulationGrain>("default/default/2").Returns(host.Simulation);
        grains.GetGrain<ILedgerGrain>("default").Returns(host.Ledger);
        host.Call.GetAsync().Returns(Samples.Call);
        host.Ledger.AppendAsync(Arg.Any<LedgerEvent>()).Returns(new LedgerReceipt(1, 2));
        host.App.MapTalregApi();
        await host.App.StartAsync(TestContext.Current.CancellationToken);
        var server = host.App.Services.GetRequiredService<IServer>();
        var address = server.Features.Get<IServerAddressesFeature>()!.Addresses;
        host.Client = NewClient(address.First());
        host.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        host.Anonymous = NewClient(address.First());
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Anonymous.Dispose();
        var folder = Path.GetDirectoryName(App.Services.GetRequiredService<TalregApiOptions>().TokenFile)!;
        await App.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static HttpClient NewClient(string address) =>
        new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(address),
        };
}
