using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EgressAlerts.Web;

/// <summary>The style sheet, the script and the icon of the pages, from the program itself. The hash in their names lets browsers keep them for ever.</summary>
internal static class PageAssets
{
    private static readonly Dictionary<string, (byte[] Content, string Name, string Type)> Assets = new()
    {
        ["style.css"] = Load("style.css", "text/css; charset=utf-8"),
        ["page.js"] = Load("page.js", "text/javascript; charset=utf-8"),
        ["icon.svg"] = Load("icon.svg", "image/svg+xml"),
    };

    /// <summary>The path of an asset below the overview.</summary>
    public static string Path(string name) => "assets/" + Assets[name].Name;

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (content, name, type) in Assets.Values)
        {
            routes.MapMethods("/assets/" + name, [HttpMethods.Get, HttpMethods.Head], context =>
            {
                context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
                return Results.Bytes(content, type).ExecuteAsync(context);
            });
        }

        routes.MapGet("/favicon.ico", () => Results.Bytes(Assets["icon.svg"].Content, Assets["icon.svg"].Type));
    }

    private static (byte[] Content, string Name, string Type) Load(string name, string type)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("assets/" + name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return (content, $"{name[..dot]}.{Convert.ToHexStringLower(SHA256.HashData(content))[..12]}{name[dot..]}", type);
    }
}
