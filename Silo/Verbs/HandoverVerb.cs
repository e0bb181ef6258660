using System.CommandLine;
using System.Net;
using System.Text.Json;
using Talreg.Api.Operations;
using Talreg.Contracts;
using Talreg.Contracts.Json;

namespace Talreg.Silo.Verbs;

/// <summary>
/// <c>talreg drain</c> and <c>talreg failback</c>: an interface is handed to a standby, or back to its home. Live
/// calls stay where they are and go on to their end; new ones go to the new owner.
/// </summary>
internal static class HandoverVerb
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Makes <c>talreg drain</c>.</summary>
    public static Command CreateDrain() => Create(
        "drain",
        "Hands an interface from its owner to a standby, so that the owner can be taken out of service. New calls go "
            + "to the new owner at once, live ones stay and go on to their end.");

    /// <summary>Makes <c>talreg failback</c>.</summary>
    public static Command CreateFailback() => Create(
        "failback", "Hands an interface back to its home, the gateway that owned it first, where that stands by.");

    private static Command Create(string verb, string description)
    {
        var name = new Option<string>("--interface")
        {
            Description = "The interface to move.",
            HelpName = "name",
            Required = true,
        };
        var server = ApiClient.ServerOption();
        var command = new Command(
            verb, $"{description} The access token is read from the environment variable {ApiClient.TokenVariable}.")
        {
            name,
            server,
        };
        command.SetAction((result, cancellationToken) => RunAsync(
            verb,
            result.GetRequiredValue(name),
            result.GetRequiredValue(server),
            result.InvocationConfiguration,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        string verb, string name, Uri server, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        if (!Names.IsValid(name))
        {
            return await console.RefuseAsync(
                $"--interface holds '{name}'; it may hold 1 to {Names.MaxLength} of a-z, 0-9 and hyphen.")
                .ConfigureAwait(false);
        }

        try
        {
            using var client = ApiClient.Create(server);
            using var response = await client.PostAsync(
                new Uri($"api/v1/operations/interfaces/{name}/{verb}", UriKind.Relative), null, cancellationToken)
                .ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.Accepted)
            {
                return await console.RefuseAsync(
                    await ApiClient.DescribeAsync(response, cancellationToken).ConfigureAwait(false))
                    .ConfigureAwait(false);
            }

            var asked = await response.Content
                .ReadFromJsonAsync<InterfaceStatus>(TalregJson.Options, cancellationToken).ConfigureAwait(false);
            return await FollowAsync(client, asked!, console, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ApiClientException or HttpRequestException or JsonException)
        {
            return await console.RefuseAsync(e.Message).ConfigureAwait(false);
        }
    }

    // The owner learns of it within a second.
    private static async Task<int> FollowAsync(
        HttpClient client, InterfaceStatus asked, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        using var timer = new PeriodicTimer(LookEvery, clock);
        while (clock.GetElapsedTime(started) < Within
            && await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            var status = await StatusVerb.ReadAsync(client, cancellationToken).ConfigureAwait(false);
            if (status.Interfaces.FirstOrDefault(one => one.Name == asked.Name) is not { } now)
            {
                continue;
            }

            if (now.Epoch > asked.Epoch)
            {
                await console.Output.WriteLineAsync(
                    $"{now.Name}: {now.Owner} owns it under epoch {now.Epoch}; before it was {asked.Owner}.")
                    .ConfigureAwait(false);
                return 0;
            }

            if (now.Handover?.Declined is { } why)
            {
                return await console.RefuseAsync($"{asked.Owner} keeps {asked.Name}: {why}.").ConfigureAwait(false);
            }
        }

        return await console.RefuseAsync(
            $"{asked.Owner} has not handed {asked.Name} over within {Within.TotalSeconds} s; look at: talreg status.")
            .ConfigureAwait(false);
    }
}
