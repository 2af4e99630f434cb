using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EgressAlerts.Web;

/// <summary>Tells a client that speaks HTTP without TLS what is wrong. Without this, its connection would end without a word.</summary>
internal static class PlainHttp
{
    /// <summary>What TLS begins with: the type of a record that is part of a handshake.</summary>
    private const byte Handshake = 0x16;

    private const string Text = "This server speaks HTTPS: begin the address with https://.\n";

    private static readonly byte[] Answer = [.. System.Text.Encoding.ASCII.GetBytes(FormattableString.Invariant(
        $"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {Text.Length}\r\nConnection: close\r\n\r\n{Text}"))];

    /// <summary>Must be called before TLS is added.</summary>
    /// <param name="patience">How long a client may wait with its first byte.</param>
    /// <param name="refused">Called for each client without TLS.</param>
    public static void Refuse(ListenOptions listen, TimeSpan patience, Action refused) => listen.Use(next => async connection =>
    {
        try
        {
            if (await BeginsAsync(connection, patience) is not { } first) return;
            if (first != Handshake)
            {
                refused();
                await connection.Transport.Output.WriteAsync(Answer, connection.ConnectionClosed);
                return;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return; // The client has gone or says nothing.
        }

        await next(connection);
    });

    /// <summary>The first byte, which is left to be read again if it is TLS; null where the client sends none.</summary>
    private static async Task<byte?> BeginsAsync(ConnectionContext connection, TimeSpan patience)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        limit.CancelAfter(patience);
        var input = connection.Transport.Input;
        var read = await input.ReadAsync(limit.Token);
        if (read.Buffer.IsEmpty)
        {
            input.AdvanceTo(read.Buffer.End);
            return null;
        }

        var first = read.Buffer.FirstSpan[0];
        input.AdvanceTo(first == Handshake ? read.Buffer.Start : read.Buffer.End);
        return first;
    }
}
