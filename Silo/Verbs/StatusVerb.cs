using System.CommandLine;
using System.Net;
using System.Text.Json;
using Talreg.Api.Operations;
using Talreg.Contracts.Json;

namespace Talreg.Silo.Verbs;

/// <summary>
/// <c>talreg status</c>: interfaces, owners, epochs, standbys, live calls and alarms of a running cluster.
/// </summary>
internal static class StatusVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var server = ApiClient.ServerOption();
        var json = new Option<bool>("--json") { Description = "Writes the API's JSON instead of a table." };
        var command = new Command(
            "status",
            "Shows interfaces, owners, epochs, standbys, live calls and alarms. The exit code is 1 while there are "
                + $"alarms. The access token is read from the environment variable {ApiClient.TokenVariable}.")
        {
            server,
            json,
        };
        command.SetAction((result, cancellationToken) => RunAsync(
            result.GetRequiredValue(server),
            result.GetValue(json),
            result.InvocationConfiguration,
            cancellationToken));
        return command;
    }

    /// <summary>Asks a recorder how its cluster stands.</summary>
    /// <exception cref="ApiClientException">It refused; the message says why.</exception>
    /// <exception cref="HttpRequestException">It was not reached.</exception>
    public static async Task<ClusterStatus> ReadAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var response = await client
            .GetAsync(new Uri("api/v1/operations/status", UriKind.Relative), cancellationToken).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new ApiClientException(
                await ApiClient.DescribeAsync(response, cancellationToken).ConfigureAwait(false));
        }

        return (await response.Content.ReadFromJsonAsync<ClusterStatus>(TalregJson.Options, cancellationToken)
            .ConfigureAwait(false))!;
    }

    private static async Task<int> RunAsync(
        Uri server, bool json, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        try
        {
            using var client = ApiClient.Create(server);
            var status = await ReadAsync(client, cancellationToken).ConfigureAwait(false);
            await console.Output.WriteAsync(
                json ? JsonSerializer.Serialize(status, TalregJson.Options) + "\n" : StatusTable.Write(status))
                .ConfigureAwait(false);
            return status.Interfaces.Any(one => one.Alarms.Count > 0) ? 1 : 0;
        }
        catch (Exception e) when (e is ApiClientException or HttpRequestException or JsonException)
        {
            return await console.RefuseAsync(e.Message).ConfigureAwait(false);
        }
    }
}
