using System.Xml;

namespace Talreg.Sip.Siprec.Dialects;

/// <summary>One element inside of an extension.</summary>
/// <param name="Name">Its local name.</param>
/// <param name="Label">Its label attribute, or null.</param>
/// <param name="Value">The text in it and below it, trimmed.</param>
internal readonly record struct ExtensionElement(string Name, string? Label, string Value);

/// <summary>Reads the elements of an extension that <see cref="ExtensionText"/> copied. Stateless.</summary>
internal static class ExtensionReader
{
    public static IReadOnlyList<ExtensionElement> Read(string xml)
    {
        using var text = new StringReader(xml);

        // Without namespaces: prefixes were declared further up in the document that the extension is a piece of.
        using var reader = new XmlTextReader(text)
        {
            Namespaces = false, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null,
        };
        var found = new List<ExtensionElement>();
        try
        {
            Read(reader, found);
        }
        catch (XmlException)
        {
            // What cannot be read gives no facts; the document is kept as it came in any case.
            found.Clear();
        }

        return found;
    }

    private static void Read(XmlTextReader reader, List<ExtensionElement> found)
    {
        var open = new Stack<(string Name, string? Label, System.Text.StringBuilder Value)>();
        while (reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    open.Push((LocalName(reader.Name), reader.GetAttribute("label"), new System.Text.StringBuilder()));
                    if (reader.IsEmptyElement)
                    {
                        Close(open, found);
                    }

                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    foreach (var element in open)
                    {
                        element.Value.Append(reader.Value);
                    }

                    break;
                case XmlNodeType.EndElement:
                    Close(open, found);
                    break;
                default:
                    break;
            }
        }
    }

    private static void Close(
        Stack<(string Name, string? Label, System.Text.StringBuilder Value)> open, List<ExtensionElement> found)
    {
        var (name, label, value) = open.Pop();
        found.Add(new ExtensionElement(name, label, value.ToString().Trim()));
    }

    private static string LocalName(string name) => name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..];
}
