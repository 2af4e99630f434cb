using System.Net.Http.Json;
using EgressAlerts.MeshSimulator;

namespace EgressAlerts.Tests.Testing;

/// <summary>What the demo shows as the messages of Slack and PagerDuty.</summary>
public sealed class NotificationReceiverTests
{
    [Fact]
    public async Task A_message_of_Slack_has_title_text_fields_and_buttons_on_lines_of_their_own()
    {
        var sentence = "batch/report has sent 228.9 MiB to 185.199.72.11 within an hour. The limit is 100 MiB.";
        var told = await PostAsync("slack", new
        {
            channel = "#egress",
            attachments = new[]
            {
                new
                {
                    title = "[warning] batch/report sent 228.9 MiB to 185.199.72.11 within 1 h",
                    title_link = "http://127.0.0.1:10098/alerts/0123",
                    text = $"{sentence} {sentence}\nResolved: an hour ago.\n",
                    fields = new[] { new { title = "Alert", value = "EgressUploadSpike", @short = true } },
                    actions = new[] { new { type = "button", text = "Details", url = $"http://127.0.0.1:10098/{new string('a', 120)}" } },
                },
            },
        });
        Assert.Equal(
            $"""
            POST /slack #egress
              [warning] batch/report sent 228.9 MiB to 185.199.72.11 within 1 h
              http://127.0.0.1:10098/alerts/0123
              batch/report has sent 228.9 MiB to 185.199.72.11 within an hour. The limit is 100 MiB. batch/report has sent
              228.9 MiB to 185.199.72.11 within an hour. The limit is 100 MiB.
              Resolved: an hour ago.
              Alert:     EgressUploadSpike
              [Details]   http://127.0.0.1:10098/{new string('a', 120)}
            """,
            told);
    }

    [Fact]
    public async Task A_message_of_Slack_may_have_a_title_and_a_text_alone()
    {
        var told = await PostAsync("slack", new { channel = "#egress", attachments = new[] { new { title = "[info] news", text = "One line." } } });
        Assert.Equal("POST /slack #egress\n  [info] news\n  One line.", told);
    }

    [Fact]
    public async Task An_event_of_PagerDuty_has_its_summary_and_details()
    {
        var told = await PostAsync("pagerduty/v2/enqueue", new
        {
            event_action = "trigger",
            payload = new { summary = "[critical] batch/report was blocked", severity = "critical", component = "report", group = "" },
            links = new[] { new { text = "Runbook", href = "http://127.0.0.1:10098/runbooks/EgressBlocked" } },
        });
        Assert.Equal(
            """
            POST /pagerduty trigger
              [critical] batch/report was blocked
              severity:  critical
              component: report
              [Runbook]   http://127.0.0.1:10098/runbooks/EgressBlocked
            """,
            told);
        Assert.Equal("POST /pagerduty resolve", await PostAsync("pagerduty", new { event_action = "resolve" }));
    }

    private static async Task<string> PostAsync(string path, object message)
    {
        var told = "";
        await using var receiver = await NotificationReceiver.StartAsync(0, text => told = text);
        using var http = new HttpClient();
        using var answer = await http.PostAsJsonAsync(new Uri($"{receiver.Urls.First()}/{path}"), message);
        Assert.True(answer.IsSuccessStatusCode);
        return told;
    }
}
