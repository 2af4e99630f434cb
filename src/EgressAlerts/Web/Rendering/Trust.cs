namespace EgressAlerts.Web;

/// <summary>How pages speak of the trust in a name. Sources are the label values of <c>name_source</c>.</summary>
internal static class Trust
{
    /// <summary>The colour.</summary>
    public static string Kind(string source, bool confirmed) => (source, confirmed) switch
    {
        ("ip" or "unknown" or "", _) => "muted",
        (_, true) => "good",
        _ => "warning",
    };

    /// <summary>One or two words.</summary>
    public static string Word(string source, bool confirmed) => (source, confirmed) switch
    {
        ("registry", true) => "registered",
        ("network", _) => "your network",
        ("special", _) => "special address",
        ("ip", _) => "no name",
        ("unknown" or "", _) => "unknown",
        ("ptr", true) => "DNS",
        ("sni" or "host", true) => "claimed, DNS agrees",
        ("registry" or "sni" or "host", false) => "claimed",
        _ => "unconfirmed",
    };

    /// <summary>What that means.</summary>
    public static string Sentence(string source, bool confirmed) => (source, confirmed) switch
    {
        ("registry", true) => "A ServiceEntry has this host.",
        ("registry", false) => "A ServiceEntry with a wildcard let this host through. The client chose the name.",
        ("network", _) => "Your networks name this address.",
        ("special", _) => "The address has a meaning by definition, such as a private range.",
        ("sni", true) => "The client named this host in TLS, and DNS says that the address belongs to it.",
        ("sni", false) => "The client named this host in TLS. Nobody confirms that the address belongs to it.",
        ("host", true) => "The client named this host in HTTP, and DNS says that the address belongs to it.",
        ("host", false) => "The client named this host in HTTP. Nobody confirms that the address belongs to it.",
        ("ptr", _) => "Reverse DNS gives this name, and the name resolves back to the address. That does not say who rents the address.",
        ("ptr_unconfirmed", _) => "Reverse DNS gives this name, but the name does not resolve back. The owner of the address chose it.",
        ("ip", _) => "The address has no name.",
        _ => "The telemetry has neither address nor name.",
    };
}
