using System.Text.RegularExpressions;

namespace EgressAlerts.Web;

/// <summary>Writes text from the network into a command line, so that it is one argument whatever it holds.</summary>
internal static partial class ShellText
{
    /// <summary>An argument of a shell: as it is where it is harmless, between single quotes otherwise. Control characters are left out.</summary>
    public static string Argument(string text)
    {
        var clean = string.Concat(text.Where(c => !char.IsControl(c)));
        return Plain().IsMatch(clean) ? clean : "'" + clean.Replace("'", @"'\''", StringComparison.Ordinal) + "'";
    }

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_./:=@%+-]*\z")]
    private static partial Regex Plain();
}
