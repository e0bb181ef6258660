using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Talreg.State.Postgres;

/// <summary>One step of the schema: a file <c>Migrations/NNNN-name.sql</c>. A released one is never edited.</summary>
/// <param name="Version">Its number; the first is 1.</param>
/// <param name="Name">Its file's name without number and ending.</param>
/// <param name="Sql">Its statements.</param>
internal sealed record PostgresMigration(int Version, string Name, string Sql)
{
    private const string Prefix = "Talreg.State.Migrations.";
    private const string Ending = ".sql";

    /// <summary>SHA-256 of the statements in lower-case hex.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    /// <summary>Those of this program, in order.</summary>
    public static IReadOnlyList<PostgresMigration> Load()
    {
        var assembly = typeof(PostgresMigration).Assembly;
        var found = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(Read)
            .ToList();
        return found.Count > 0 && found.Select((step, i) => step.Version == i + 1).All(inOrder => inOrder)
            ? found
            : throw new InvalidOperationException("The program's migrations are not numbered from 1 on.");

        PostgresMigration Read(string resource)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            var name = resource[Prefix.Length..^Ending.Length];
            var dash = name.IndexOf('-', StringComparison.Ordinal);
            return new PostgresMigration(
                int.Parse(name.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture),
                name[(dash + 1)..],
                reader.ReadToEnd().ReplaceLineEndings("\n"));
        }
    }
}
