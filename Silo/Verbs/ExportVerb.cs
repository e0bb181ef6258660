using System.CommandLine;
using System.Net;
using Talreg.Contracts;

namespace Talreg.Silo.Verbs;

/// <summary>
/// <c>talreg export</c>: fetches a call's evidence bundle from a running recorder, which notes it in the ledger.
/// </summary>
internal static class ExportVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var call = new Argument<string>("CALL") { Description = "The call's id." };
        var output = new Option<FileInfo>("--out")
        {
            Description = "Where the bundle is written. An existing file is kept: choose another name.",
            HelpName = "file",
            Required = true,
        };
        var server = ApiClient.ServerOption();
        var purpose = new Option<string>("--purpose")
        {
            Description = "Why the bundle is taken out; it stands in the ledger.",
            HelpName = "text",
            DefaultValueFactory = _ => "export",
        };
        var command = new Command(
            "export",
            "Fetches a call's evidence bundle. The access token is read from the environment variable "
                + $"{ApiClient.TokenVariable}.")
        {
            call,
            output,
            server,
            purpose,
        };
        command.SetAction((result, cancellationToken) => RunAsync(
            result.GetRequiredValue(call),
            result.GetRequiredValue(output),
            result.GetRequiredValue(server),
            result.GetRequiredValue(purpose),
            result.InvocationConfiguration,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        string call,
        FileInfo output,
        Uri server,
        string purpose,
        InvocationConfiguration console,
        CancellationToken cancellationToken)
    {
        if (!CallId.TryParse(call, out var id))
        {
            return await console.RefuseAsync(
                $"'{call}' is not a call id; it looks like 0192f0c1-2345-7abc-8def-0123456789ab.")
                .ConfigureAwait(false);
        }

        // Before the request: what is fetched stands in the ledger, whether or not it can be kept.
        if (output.Exists)
        {
            return await console.RefuseAsync($"{output.FullName} is there already and is kept: choose another name.")
                .ConfigureAwait(false);
        }

        try
        {
            using var client = ApiClient.Create(server);
            using var response = await client.GetAsync(
                new Uri($"api/v1/calls/{id}/evidence?purpose={Uri.EscapeDataString(purpose)}", UriKind.Relative),
                HttpCompletionOption.ResponseHeadersRead,
                cancellationToken).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return await console.RefuseAsync(
                    await ApiClient.DescribeAsync(response, cancellationToken).ConfigureAwait(false))
                    .ConfigureAwait(false);
            }

            // Under another name until it is whole: half a bundle must not look like one.
            var part = $"{output.FullName}.part";
            var file = new FileStream(part, FileMode.Create, FileAccess.Write);
            await using (file.ConfigureAwait(false))
            {
                await response.Content.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
            }

            File.Move(part, output.FullName);
            output.Refresh();
            await console.Output.WriteLineAsync(
                $"{output.FullName}: {output.Length} bytes. Check it with: talreg verify {output.Name} --trust KEYFILE")
                .ConfigureAwait(false);
            return 0;
        }
        catch (Exception e) when (
            e is ApiClientException or HttpRequestException or IOException or UnauthorizedAccessException)
        {
            return await console.RefuseAsync(e.Message).ConfigureAwait(false);
        }
    }
}
