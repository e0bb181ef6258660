using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Talreg.Api.Access;
using Talreg.Api.Calls;
using Talreg.Api.Http;
using Talreg.Api.Ledger;
using Talreg.Api.Operations;
using Talreg.Api.Page;
using Talreg.Api.Policies;
using Talreg.Api.Recordings;
using Talreg.Contracts.Json;

namespace Talreg.Api;

/// <summary>Puts the API and its page into a web application.</summary>
public static class TalregApi
{
    /// <summary>Adds what the API needs.</summary>
    /// <remarks>
    /// The application itself provides <c>IGrainFactory</c>, <c>ICallIndex</c>, <see cref="IRecordedMedia"/> and, where calls
    /// are live, <see cref="ILiveMedia"/>, and adds
    /// a health check for each part without which it cannot record.
    /// </remarks>
    public static IServiceCollection AddTalregApi(this IServiceCollection services, TalregApiOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(static provider =>
            AccessTokens.Open(
                provider.GetRequiredService<TalregApiOptions>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<FailedAttempts>();
        services.AddSingleton<PageSessions>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton<TenantGrains>();
        services.AddSingleton<StatusReader>();
        services.AddSingleton<ListenLedger>();
        services.AddSingleton<LoginFailureLedger>();
        services.AddSingleton<SearchExportLedger>();
        services.AddSingleton<RecordingAccess>();
        services.AddExceptionHandler<ApiExceptionHandler>();
        services.AddHealthChecks();
        services.Configure<KestrelServerOptions>(RequestBounds.Apply);
        services.ConfigureHttpJsonOptions(static json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = TalregJson.Options.PropertyNamingPolicy;
            foreach (JsonConverter converter in TalregJson.Options.Converters)
            {
                json.SerializerOptions.Converters.Add(converter);
            }
        });
        services.AddOpenApi(OpenApiDescription.Document, OpenApiDescription.Configure);
        return services;
    }

    /// <summary>Maps every endpoint, behind the check of who may reach it. Call it before anything else is mapped.</summary>
    /// <remarks>What the application maps besides needs a token too.</remarks>
    /// <exception cref="AccessTokensException">The token file or the bootstrap token cannot be used.</exception>
    public static WebApplication MapTalregApi(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);

        // Now and not at the first request: a recorder that nobody could open must not start.
        app.Services.GetRequiredService<Authenticator>();
        app.UseExceptionHandler(static _ => { });
        app.UseMiddleware<StatusProblems>();
        app.UseRouting();
        app.UseMiddleware<AccessMiddleware>();

        CallEndpoints.Map(app);
        ChannelEndpoints.Map(app);
        RecordingEndpoints.Map(app);
        MediaEndpoints.Map(app);
        LiveEndpoints.Map(app);
        PolicyEndpoints.Map(app);
        SessionEndpoints.Map(app);
        ClusterEndpoints.Map(app);
        LogEndpoints.Map(app);
        OperationEndpoints.Map(app, app.Services.GetRequiredService<TalregApiOptions>());
        PageEndpoints.Map(app);
        return app;
    }
}
