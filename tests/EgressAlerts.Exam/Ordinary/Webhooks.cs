using System.Globalization;
using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Ordinary;

/// <summary>Deliveries to customers' own servers. Customers come every day, and some of their servers have no name.</summary>
internal static class Webhooks
{
    public static void AddTo(Mesh mesh)
    {
        foreach (var service in mesh.Role(1, 2, 3, 4))
        {
            var (dice, customers) = (service.Dice, new List<Target>());
            // 5 to 50 new customers a day.
            var growth = 5 * Math.Pow(10, dice.Unit());
            for (var i = 0; i < 150 + (10 * growth); i++) customers.Add(Customer());
            mesh.Add("webhooks to customers", service, mesh.Options.Start, at =>
            {
                // Busy customers came early; young ones are tried at once.
                mesh.Voice.Exchange(service, customers[dice.Zipf(customers.Count)], at, 1, dice.LogNormal(2_000, 0.8), dice.LogNormal(300, 0.5));
                return at + dice.Wait(60 / (3 * service.Size * Math.Max(0.05, service.Level)));
            });
            mesh.Add("a new customer's webhook", service, mesh.Options.Start, at =>
            {
                var customer = Customer();
                customers.Add(customer);
                mesh.Voice.Exchange(service, customer, at, 1 + dice.Below(3), 3_000, 900);
                return at + dice.Wait(Time.Day / growth);
            });

            Target Customer() =>
                mesh.Internet.Some(string.Create(CultureInfo.InvariantCulture, $"hooks.customer-{service.Number}-{customers.Count}.com"), dice);
        }

        foreach (var service in mesh.Role(5))
        {
            var (dice, hosts) = (service.Dice, mesh.Dice("mail"));
            List<Target> servers = [.. Enumerable.Range(0, 1_500).Select(Server)];
            mesh.Add("mail to many hosts", service, mesh.Options.Start, at =>
            {
                mesh.Voice.Hold(service, servers[dice.Zipf(servers.Count)], at, dice.LogNormal(25_000, 1.2), 800, 2 + dice.Below(20));
                return at + dice.Wait(60 / (2 * Math.Max(0.05, service.Level)));
            });

            Target Server(int i) => mesh.Internet.Reverse($"mx1.mail-{i}.org", Provider.Ovh.Address(hosts), Provider.Ovh, hosts.Chance(0.8), "25");
        }
    }
}
