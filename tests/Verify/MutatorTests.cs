namespace Talreg.Verify.Tests;

/// <summary>
/// What an adversary does to a bundle. Unless a case says otherwise the manifest is written and signed anew by the log's
/// own key: so each case rests on the check it names, and not on the manifest alone.
/// </summary>
public sealed class MutatorTests
{
    private static readonly TrustAnchor Trust = new SampleLog(3, "acme").Trust;

    [Fact]
    public void Chunk_with_any_cipher_text_edited_is_named()
    {
        for (var i = 0; i < 10; i++)
        {
            var report = WithRecording((sample, file) => file[Start(sample, i) + 300] ^= 1);

            Expect(report, CheckNames.Chain, CheckNames.Opening);
            Assert.Contains(report.Checks, c => c.Outcome == CheckOutcome.Failed
                && c.Name == CheckNames.Opening
                && c.Subject.EndsWith($"chunk {i + 1}", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Chunk_inserted_from_its_neighbour_is_refused() =>
        Expect(WithChunks(c => c.Insert(3, c[2])), CheckNames.Headers, CheckNames.SealBody);

    [Fact]
    public void Chunk_deleted_is_refused() =>
        Expect(WithChunks(c => c.RemoveAt(4)), CheckNames.Headers, CheckNames.SealBody, CheckNames.Gaps);

    [Fact]
    public void Last_chunk_deleted_is_refused_by_the_seal() =>
        Expect(WithChunks(c => c.RemoveAt(9)), CheckNames.SealBody, CheckNames.PacketCounts);

    [Fact]
    public void Chunks_swapped_are_refused() =>
        Expect(WithChunks(c => (c[2], c[4]) = (c[4], c[2])), CheckNames.Headers, CheckNames.SealBody);

    [Fact]
    public void Chunk_duplicated_at_the_end_is_refused() =>
        Expect(WithChunks(c => c.Add(c[9])), CheckNames.Headers, CheckNames.SealBody);

    [Fact]
    public void Chunk_spliced_from_another_take_is_refused()
    {
        var other = new SampleBundle(takeNumber: 2);

        Expect(WithChunks(c => c[5] = other.Take.Chunks[5]), CheckNames.Headers, CheckNames.SealBody);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(1000)]
    [InlineData(20_000)]
    public void Recording_truncated_is_refused(int by)
    {
        var sample = new SampleBundle().MakeMembers();
        var name = $"takes/{sample.TakeId}.trec";
        sample.Members[name] = sample.Members[name][..^by];

        Expect(Verify(sample), CheckNames.Recording);
    }

    [Fact]
    public void Chunk_resealed_and_rechained_with_fresh_manifest_is_refused_by_the_seal()
    {
        // Whoever holds the take key can make a recording that agrees with itself; the ledger's entry stands against it.
        var report = WithChunks((sample, chunks) => chunks[3] = sample.Take.Reseal(chunks[3], h => h[167] ^= 1));

        Expect(report, CheckNames.SealBody);
        Assert.DoesNotContain(CheckNames.Chain, CleanBundleTests.Failures(report));
        Assert.DoesNotContain(CheckNames.Opening, CleanBundleTests.Failures(report));
    }

    [Fact]
    public void Rechained_recording_with_fresh_seal_and_manifest_without_the_log_key_is_refused()
    {
        var forger = new SampleLog(3 + 1, "acme");
        var sample = new SampleBundle { Log = forger };
        sample.Take.Chunks[3] = sample.Take.Reseal(sample.Take.Chunks[3], h => h[167] ^= 1);
        var bundle = sample.MakeMembers().Zip();

        Expect(BundleVerifier.Verify(bundle, Trust), CheckNames.ManifestSignature, CheckNames.CheckpointSignature);
        Assert.Equal(3, BundleVerifier.Verify(bundle, null).ExitCode);
    }

    [Theory]
    [InlineData(8, 0x02)] // flags: reserved in the top byte
    [InlineData(14, 0x01)] // reserved
    [InlineData(16, 0x01)] // take
    [InlineData(32, 0x01)] // tenant
    [InlineData(64, 0x01)] // site
    [InlineData(103, 0x01)] // epoch
    [InlineData(120, 0x01)] // boot id
    [InlineData(161, 0x01)] // reserved
    [InlineData(172, 0x01)] // reserved
    public void Header_field_edited_and_resealed_is_named(int offset, byte mask) =>
        Expect(
            WithChunks((sample, chunks) => chunks[6] = sample.Take.Reseal(chunks[6], h => h[offset] ^= mask)),
            CheckNames.Headers);

    [Fact]
    public void Packet_count_in_a_header_edited_and_resealed_is_named() =>
        Expect(
            WithChunks((sample, chunks) => chunks[6] = sample.Take.Reseal(chunks[6], h => h[95] += 1)),
            CheckNames.PacketCounts);

    [Fact]
    public void Commitment_edited_and_resealed_is_named() =>
        Expect(
            WithChunks((sample, chunks) => chunks[6] = sample.Take.Reseal(chunks[6], h => h[200] ^= 1)),
            CheckNames.Commitments);

    [Fact]
    public void Key_of_another_stream_in_its_place_is_refused_by_the_commitment()
    {
        var sample = new SampleBundle().MakeMembers();
        var keys = sample.Keys();
        var streams = (Dictionary<string, object?>[])keys["streams"]!;
        (streams[0]["key"], streams[1]["key"]) = (streams[1]["key"], streams[0]["key"]);
        sample.Members[$"takes/{sample.TakeId}.keys.json"] = SampleJson.Of(keys);

        Expect(Verify(sample), CheckNames.Commitments);
    }

    [Fact]
    public void Key_under_the_number_of_no_stream_does_not_pass_for_a_withheld_one()
    {
        var sample = new SampleBundle().MakeMembers();
        var keys = sample.Keys();
        ((Dictionary<string, object?>[])keys["streams"]!)[0]["stream"] = 8;
        sample.Members[$"takes/{sample.TakeId}.keys.json"] = SampleJson.Of(keys);

        Expect(Verify(sample), CheckNames.Keys);
    }

    [Fact]
    public void Metadata_key_swapped_is_refused()
    {
        var sample = new SampleBundle().MakeMembers();
        var keys = sample.Keys();
        keys["metadata"] = Convert.ToHexStringLower(sample.Take.StreamKey(0));
        sample.Members[$"takes/{sample.TakeId}.keys.json"] = SampleJson.Of(keys);

        Expect(Verify(sample), CheckNames.Metadata);
    }

    [Fact]
    public void Log_key_swapped_in_the_bundle_is_refused_with_and_without_trust()
    {
        var sample = new SampleBundle().MakeMembers();
        sample.Members["key"] = System.Text.Encoding.ASCII.GetBytes(new SampleLog(9, "acme").VerifierKey + "\n");
        var bundle = sample.Zip();

        Expect(BundleVerifier.Verify(bundle, Trust), CheckNames.Key);
        Expect(BundleVerifier.Verify(bundle, null), CheckNames.ManifestSignature, CheckNames.CheckpointSignature);
    }

    [Fact]
    public void Checkpoint_of_another_log_is_refused()
    {
        var sample = new SampleBundle().MakeMembers();
        var other = new SampleLog(9, "acme");
        other.Entries.AddRange(sample.Log.Entries);
        sample.Members["checkpoint"] = other.Checkpoint();

        Expect(Verify(sample), CheckNames.Checkpoint, CheckNames.CheckpointSignature);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    public void Old_checkpoint_is_refused_by_inclusion(int size)
    {
        var sample = new SampleBundle().MakeMembers();
        sample.Members["checkpoint"] = sample.Log.Checkpoint(size);

        Expect(Verify(sample), CheckNames.Inclusion);
    }

    [Fact]
    public void Log_of_another_tenant_is_refused()
    {
        var sample = new SampleBundle { Log = new SampleLog(3, "other") }.MakeMembers();

        Expect(BundleVerifier.Verify(sample.Zip(), sample.Log.Trust), CheckNames.Checkpoint);
    }

    [Theory]
    [InlineData("endReason", "cancel")]
    [InlineData("endedAt", 1L)]
    [InlineData("chunks", 11L)]
    [InlineData("tenant", "other")]
    public void Opening_edited_is_refused_by_commitment_and_body(string member, object value)
    {
        var sample = new SampleBundle().MakeMembers();
        var name = $"ledger/{sample.TakeId}.json";
        var body = SampleJson.Of(sample.SealBody);
        sample.SealBody[member] = value;
        var text = System.Text.Encoding.ASCII.GetString(sample.Members[name]);
        sample.Members[name] = System.Text.Encoding.ASCII.GetBytes(text.Replace(
            System.Text.Encoding.ASCII.GetString(body),
            System.Text.Encoding.ASCII.GetString(SampleJson.Of(sample.SealBody)),
            StringComparison.Ordinal));

        Expect(Verify(sample), CheckNames.SealOpening, CheckNames.SealBody);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(0, 1)]
    public void Lost_count_lied_about_is_found_though_everything_else_is_sealed_anew(int missing, long claimed)
    {
        var sample = new SampleBundle(missing: [.. Enumerable.Range(10, missing)]);
        sample.First["lost"] = claimed;

        Assert.Equal([CheckNames.Gaps], CleanBundleTests.Failures(Verify(sample.MakeMembers())));
    }

    [Fact]
    public void Packets_lied_about_are_found()
    {
        var sample = new SampleBundle();
        sample.First["packets"] = 49L;

        Assert.Equal([CheckNames.PacketCounts], CleanBundleTests.Failures(Verify(sample.MakeMembers())));
    }

    [Fact]
    public void Descriptor_of_a_sealed_recording_edited_is_refused_by_the_content_hash()
    {
        var report = WithRecording((sample, file) =>
        {
            var at = file.AsSpan().IndexOf("\"gw1\""u8);
            file[at + 3] = (byte)'2';
        });

        Expect(report, CheckNames.ContentHash);
    }

    [Theory]
    [InlineData("id", "01999999-0000-7000-8000-0000000000ff")]
    [InlineData("tenant", "other")]
    public void Call_document_that_contradicts_the_recording_is_refused(string member, string value)
    {
        var sample = new SampleBundle().MakeMembers();
        var call = sample.CallJson();
        call[member] = value;
        sample.Members["call.json"] = SampleJson.Of(call);

        Assert.Equal([CheckNames.Call], CleanBundleTests.Failures(Verify(sample)));
    }

    [Fact]
    public void Manifest_with_a_stale_line_a_missing_line_or_an_extra_member_is_refused()
    {
        var sample = new SampleBundle().MakeMembers();
        _ = sample.Zip();
        sample.Members["README.txt"] = "changed\n"u8.ToArray();
        Expect(BundleVerifier.Verify(SampleZip.Of(sample.Members), Trust), CheckNames.Manifest);

        sample.Members.Remove("README.txt");
        Expect(BundleVerifier.Verify(SampleZip.Of(sample.Members), Trust), CheckNames.Manifest, CheckNames.Members);

        sample = new SampleBundle().MakeMembers();
        _ = sample.Zip();
        sample.Members["zz"] = [1];
        Expect(BundleVerifier.Verify(SampleZip.Of(sample.Members), Trust), CheckNames.Manifest);
    }

    [Fact]
    public void Seal_of_another_take_of_the_same_log_is_refused()
    {
        var sample = new SampleBundle().MakeMembers();
        var other = new SampleBundle(takeNumber: 2).MakeMembers();
        sample.Members[$"ledger/{sample.TakeId}.json"] = other.Members[$"ledger/{other.TakeId}.json"];
        sample.Members["checkpoint"] = other.Members["checkpoint"];

        Assert.Equal([CheckNames.SealBody], CleanBundleTests.Failures(Verify(sample)));
    }

    private static VerificationReport Verify(SampleBundle sample) => BundleVerifier.Verify(sample.Zip(), Trust);

    /// <summary>Changes the chunks after the seal was made; chain, index, footer and manifest follow the change.</summary>
    private static VerificationReport WithChunks(Action<SampleBundle, List<byte[]>> change)
    {
        var sample = new SampleBundle().MakeMembers();
        change(sample, sample.Take.Chunks);
        sample.Members[$"takes/{sample.TakeId}.trec"] = sample.Recording();
        return Verify(sample);
    }

    private static VerificationReport WithChunks(Action<List<byte[]>> change) =>
        WithChunks((_, chunks) => change(chunks));

    /// <summary>Changes bytes of the recording; only the manifest follows.</summary>
    private static VerificationReport WithRecording(Action<SampleBundle, byte[]> change)
    {
        var sample = new SampleBundle().MakeMembers();
        change(sample, sample.Members[$"takes/{sample.TakeId}.trec"]);
        return Verify(sample);
    }

    private static int Start(SampleBundle sample, int chunk) => 64 + sample.Take.Chunks.Take(chunk).Sum(c => c.Length);

    private static void Expect(VerificationReport report, params string[] names)
    {
        Assert.Equal(VerificationResult.Refused, report.Result);
        var failed = CleanBundleTests.Failures(report);
        Assert.All(names, name => Assert.True(failed.Contains(name), $"'{name}' did not fail:\n{report.Text()}"));
    }
}
