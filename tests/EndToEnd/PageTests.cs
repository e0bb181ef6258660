using Microsoft.Playwright;
using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;
using Talreg.Verify;
using static Microsoft.Playwright.Assertions;

namespace Talreg.EndToEnd.Tests;

/// <summary>The page at <c>/</c> in a real browser, by keyboard, from signing in to signing out.</summary>
public sealed class PageTests
{
    private const string Clock = "() => document.querySelector('audio').currentTime > 0";

    [Fact]
    public async Task Page_shows_a_call_as_it_comes_plays_it_gives_its_evidence_and_signs_out()
    {
        var chromium = Peer.Require("chromium", "chromium");
        await using var recorder = await Recorder.StartAsync();
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = chromium,
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--mute-audio"],
        });
        var page = await browser.NewPageAsync();
        var faults = new List<string>();
        page.PageError += (_, fault) => faults.Add(fault);
        page.Console += (_, message) => faults.AddRange(
            message.Text.Contains("Content Security Policy", StringComparison.Ordinal) ? [message.Text] : []);

        await SignInAsync(page, recorder);
        var placing = DemoCallTests.PlaceAsync(new DemoCallOptions
        {
            Recorder = recorder.Sip, MaxDuration = TimeSpan.FromSeconds(5),
        });
        var row = page.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasText = "Maria Keller" });
        await Expect(row).ToContainTextAsync("active");
        var placed = await placing;
        var call = await recorder.WaitForAsync(placed.SessionId, CallState.Sealed);
        await Expect(row).ToContainTextAsync("sealed");
        await Expect(row).ToContainTextAsync("bye");
        await Expect(row).ToContainTextAsync("Northgate Securities");
        await Expect(row).ToContainTextAsync("0:0");

        var play = row.GetByRole(AriaRole.Button, new() { Name = "Play Maria Keller and Northgate Securities" });
        await play.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForFunctionAsync(Clock);
        var status = page.GetByRole(AriaRole.Status);
        await Expect(status).Not.ToHaveTextAsync(await status.InnerTextAsync());
        await Expect(play).ToBeFocusedAsync();
        var length = await page.EvalOnSelectorAsync<double>("audio", "audio => audio.duration");
        Assert.InRange(length, 4.9, (call.EndedAt! - call.StartedAt).Value.TotalSeconds + 0.1);
        await AssertEvidenceAsync(page, row, recorder);

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page.GetByLabel("Access token")).ToBeFocusedAsync();
        await Expect(row).ToHaveCountAsync(0);
        var again = $"async () => (await fetch('/api/v1/calls/{call.Id}')).status";
        Assert.Equal(401, await page.EvaluateAsync<int>(again));
        Assert.Empty(faults);
    }

    // A wrong token first: what the page says then is part of signing in.
    private static async Task SignInAsync(IPage page, Recorder recorder)
    {
        await page.GotoAsync($"{recorder.Http.BaseAddress}");
        var token = page.GetByLabel("Access token");
        await Expect(token).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("tlr_not-the-token-of-this-recorder");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("token");
        await token.FillAsync(RecorderClient.Token);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByText("No calls yet")).ToBeVisibleAsync();
        await Expect(token).ToBeHiddenAsync();
    }

    private static async Task AssertEvidenceAsync(IPage page, ILocator row, Recorder recorder)
    {
        var download = await page.RunAndWaitForDownloadAsync(() => row.GetByRole(AriaRole.Link).ClickAsync());
        var bundle = await File.ReadAllBytesAsync(await download.PathAsync());
        Assert.True(TrustAnchor.TryParse(await recorder.KeyAsync(), out var anchor, out var reason), reason);
        var report = BundleVerifier.Verify(bundle, anchor);
        Assert.True(report.ExitCode == 0, report.Text());
    }
}
