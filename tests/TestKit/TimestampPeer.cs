using Xunit;

namespace Talreg.TestKit;

/// <summary>A time-stamping authority that shares nothing with us: <c>openssl ts</c>, with keys in a folder of the test.</summary>
public sealed class TimestampPeer
{
    private const string Config = """
        [tsa]
        default_tsa = one
        [one]
        serial = serial
        crypto_device = builtin
        signer_digest = sha256
        default_policy = 1.2.3.4.1
        digests = sha256
        accuracy = secs:1
        ordering = no
        tsa_name = no
        ess_cert_id_chain = no
        ess_cert_id_alg = sha256
        [req]
        distinguished_name = name
        prompt = no
        [name]
        CN = Test
        [root]
        basicConstraints = critical,CA:TRUE
        keyUsage = critical,keyCertSign
        [stamping]
        basicConstraints = critical,CA:FALSE
        keyUsage = critical,digitalSignature
        extendedKeyUsage = critical,timeStamping
        """;

    private readonly string _openssl;
    private readonly string _folder;

    private TimestampPeer(string openssl, string folder) => (_openssl, _folder) = (openssl, folder);

    /// <summary>PEM file of the root that the authority's certificate leads to.</summary>
    public string Root => PathOf("root.pem");

    /// <summary>PEM file of a root that has nothing to do with it.</summary>
    public string OtherRoot => PathOf("other.pem");

    /// <summary>Makes its keys; skips the test where there is no openssl.</summary>
    public static async Task<TimestampPeer> CreateAsync(string folder)
    {
        var made = new TimestampPeer(Peer.Require("openssl", "openssl"), folder);
        await File.WriteAllTextAsync(made.PathOf("tsa.cnf"), Config);
        await File.WriteAllTextAsync(made.PathOf("serial"), "01\n");
        foreach (var name in (string[])["root", "other"])
        {
            await made.RunAsync(
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", $"{name}.key", "-out", $"{name}.pem",
                "-subj", $"/CN={name}", "-config", "tsa.cnf", "-extensions", "root");
        }

        await made.RunAsync(
            "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Stamper",
            "-config", "tsa.cnf");
        await made.RunAsync(
            "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-out",
            "tsa.pem", "-extfile", "tsa.cnf", "-extensions", "stamping");
        return made;
    }

    /// <summary>Answers a request (RFC 3161 §2.4), DER.</summary>
    public async Task<byte[]> ReplyAsync(byte[] query)
    {
        await File.WriteAllBytesAsync(PathOf("query"), query);
        await RunAsync(
            "ts", "-reply", "-queryfile", "query", "-out", "answer", "-config", "tsa.cnf", "-section", "one",
            "-signer", "tsa.pem", "-inkey", "tsa.key");
        return await File.ReadAllBytesAsync(PathOf("answer"));
    }

    /// <summary>The token over some data, with the authority's certificate, DER.</summary>
    public async Task<byte[]> StampAsync(byte[] data)
    {
        await File.WriteAllBytesAsync(PathOf("data"), data);
        await RunAsync("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "query");
        await RunAsync(
            "ts", "-reply", "-queryfile", "query", "-token_out", "-out", "answer", "-config", "tsa.cnf", "-section",
            "one", "-signer", "tsa.pem", "-inkey", "tsa.key");
        return await File.ReadAllBytesAsync(PathOf("answer"));
    }

    /// <summary>Fails unless openssl too says that the token is of the data and leads to the root.</summary>
    public async Task AssertVerifiesAsync(byte[] data, byte[] token)
    {
        await File.WriteAllBytesAsync(PathOf("data"), data);
        await File.WriteAllBytesAsync(PathOf("token"), token);
        await RunAsync("ts", "-verify", "-data", "data", "-in", "token", "-token_in", "-CAfile", "root.pem");
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private async Task RunAsync(params string[] arguments)
    {
        var (code, output) = await Peer.RunAsync(
            _openssl, arguments, _folder, TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.True(code == 0, output);
    }
}
