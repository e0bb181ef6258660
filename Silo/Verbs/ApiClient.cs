using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Talreg.Silo.Verbs;

/// <summary>How verbs reach a recorder that runs: by its HTTP API, with the token of the environment.</summary>
internal static class ApiClient
{
    /// <summary>
    /// The environment variable that holds the access token: a command line is seen by everyone on the machine.
    /// </summary>
    public const string TokenVariable = "TALREG_TOKEN";

    /// <summary>The option that says where the recorder is.</summary>
    public static Option<Uri> ServerOption() => new("--server")
    {
        Description = "The recorder's address.",
        HelpName = "url",
        DefaultValueFactory = _ => new Uri("http://127.0.0.1:8080"),
        CustomParser = static argument =>
        {
            var held = argument.Tokens[0].Value;
            if (Uri.TryCreate(held, UriKind.Absolute, out var server) && server.Scheme is ("http" or "https"))
            {
                return server;
            }

            argument.AddError($"--server holds '{held}'; it may hold a URL such as http://127.0.0.1:8080.");
            return null;
        },
    };

    /// <summary>A client with the token.</summary>
    /// <exception cref="ApiClientException">There is no token.</exception>
    public static HttpClient Create(Uri server)
    {
        var token = Environment.GetEnvironmentVariable(TokenVariable);
        if (string.IsNullOrEmpty(token))
        {
            throw new ApiClientException(
                $"Set {TokenVariable} to an access token; the recorder printed the first one when it first started.");
        }

        return new HttpClient
        {
            BaseAddress = server,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };
    }

    /// <summary>What a refusal says: the problem's detail where it has one.</summary>
    public static async Task<string> DescribeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var problem = JsonDocument.Parse(text);
            return problem.RootElement.TryGetProperty("detail", out var detail)
                ? $"{(int)response.StatusCode}: {detail.GetString()}"
                : $"{(int)response.StatusCode} {response.ReasonPhrase}";
        }
        catch (JsonException)
        {
            return $"{(int)response.StatusCode} {response.ReasonPhrase}";
        }
    }
}

/// <summary>A recorder cannot be asked; the message is the line to print.</summary>
internal sealed class ApiClientException(string message) : Exception(message);
