using System.Security;
using System.Text;
using System.Xml;

namespace Talreg.Sip.Siprec;

/// <summary>One vendor's element being copied out of a document, its prefixes as they stand.</summary>
internal sealed class ExtensionText(XmlReader start)
{
    private readonly StringBuilder _xml = new();
    private readonly StringBuilder _value = new();
    private readonly string _space = start.NamespaceURI;
    private readonly string _name = start.LocalName;
    private readonly int _depth = start.Depth;

    /// <summary>Adds a node; true when it ended the element.</summary>
    public bool Append(XmlReader reader)
    {
        switch (reader.NodeType)
        {
            case XmlNodeType.Element:
                AppendStart(reader);
                return reader.IsEmptyElement && reader.Depth == _depth;
            case XmlNodeType.Text or XmlNodeType.CDATA:
                _value.Append(reader.Value);
                _xml.Append(SecurityElement.Escape(reader.Value));
                return false;
            case XmlNodeType.EndElement:
                _xml.Append("</").Append(reader.Name).Append('>');
                return reader.Depth == _depth;
            default:
                return false;
        }
    }

    public (string Namespace, string Name, string Value, string Xml) Finish() =>
        (_space, _name, _value.ToString().Trim(), _xml.ToString());

    private void AppendStart(XmlReader reader)
    {
        _xml.Append('<').Append(reader.Name);
        while (reader.MoveToNextAttribute())
        {
            _xml.Append(' ').Append(reader.Name).Append("=\"").Append(SecurityElement.Escape(reader.Value)).Append('"');
        }

        reader.MoveToElement();
        _xml.Append(reader.IsEmptyElement ? "/>" : ">");
    }
}
