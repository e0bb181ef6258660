using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Talreg.Contracts;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>A client of a recorder's API, with the administrator's token of these tests.</summary>
internal class RecorderClient(Uri address) : IDisposable
{
    public const string Token = "tlr_end-to-end-test-token-0123456789";

    public HttpClient Http { get; } = new()
    {
        BaseAddress = address,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Token) },
    };

    public async Task<CallDocument?> GetAsync(string id)
    {
        using var response = await Http.GetAsync(new Uri($"api/v1/calls/{id}", UriKind.Relative));
        return response.IsSuccessStatusCode
            ? await response.Content.ReadFromJsonAsync<CallDocument>(TalregJson.Options)
            : null;
    }

    public async Task<List<CallDocument>> SearchAsync(string query)
    {
        var page = await Http.GetFromJsonAsync<JsonObject>(new Uri($"api/v1/calls?{query}", UriKind.Relative));
        return page!["items"].Deserialize<List<CallDocument>>(TalregJson.Options)!;
    }

    public async Task<List<CallDocument>> SearchAllAsync(string query)
    {
        var all = new List<CallDocument>();
        for (string? cursor = null; ;)
        {
            var next = cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}";
            var page = await Http.GetFromJsonAsync<JsonObject>(new Uri(
                $"api/v1/calls?{query}&limit=50{next}", UriKind.Relative));
            all.AddRange(page!["items"].Deserialize<List<CallDocument>>(TalregJson.Options)!);
            cursor = page["next"]?.GetValue<string>();
            if (cursor is null)
            {
                return all;
            }
        }
    }

    /// <summary>Waits until a session's call has reached a state.</summary>
    public async Task<CallDocument> WaitForAsync(string sessionId, CallState state)
    {
        CallDocument? found = null;
        await Wait.UntilAsync(
            async () =>
            {
                found = (await SearchAsync("limit=500")).Find(call =>
                    call.SessionId == sessionId && call.State == state);
                return found is not null;
            },
            $"call of session {sessionId} to be {state}",
            TimeSpan.FromSeconds(20));
        return (await GetAsync(found!.Id.ToString()))!;
    }

    /// <summary>Waits for a live call of which at least so many chunks are committed.</summary>
    public async Task<CallDocument> LiveAsync(int chunks = 1)
    {
        CallDocument? live = null;
        await Wait.UntilAsync(
            async () =>
            {
                var active = await SearchAsync("state=active");
                live = active.Count > 0 ? await GetAsync(active[0].Id.ToString()) : null;
                return live is { Takes: [var take, ..] } && take.CommittedChunks >= chunks;
            },
            $"a live call with {chunks} committed chunks",
            TimeSpan.FromSeconds(20));
        return live!;
    }

    public async Task<byte[]> AudioAsync(CallId call) =>
        await Http.GetByteArrayAsync(new Uri($"api/v1/calls/{call}/audio?purpose=test", UriKind.Relative));

    public async Task<byte[]> EvidenceAsync(CallId call) =>
        await Http.GetByteArrayAsync(new Uri($"api/v1/calls/{call}/evidence?purpose=test", UriKind.Relative));

    public async Task<string> KeyAsync() =>
        (await Http.GetStringAsync(new Uri("ledger/key", UriKind.Relative))).Trim();

    public void Dispose() => Http.Dispose();
}
