using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace FaaS.Deploy.Tests;

/// <summary>What is applied to a Kubernetes cluster.</summary>
public sealed class KubernetesTests
{
    private static readonly Type[] Kinds =
    [
        typeof(V1Deployment), typeof(V1StatefulSet), typeof(V1Service), typeof(V1ServiceAccount), typeof(V1Role),
        typeof(V1RoleBinding), typeof(V1NetworkPolicy), typeof(V1PodDisruptionBudget), typeof(V1Ingress),
    ];

    static KubernetesTests() =>
        KubernetesJson.AddJsonOptions(json => json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow);

    public static TheoryData<string, string> Exports
    {
        get
        {
            var exports = new TheoryData<string, string>();
            foreach (var size in Cue.Sizes.Keys)
                foreach (var mongodb in (string[])["inside", "external"]) exports.Add(size, mongodb);
            return exports;
        }
    }

    [Theory]
    [MemberData(nameof(Exports))]
    public async Task Objects_AreWhatTheApiTakes(string size, string mongodb)
    {
        var cue = await Cue.NeedAsync();
        var objects = cue.Kubernetes(size, mongodb);

        objects.Should().HaveCount(mongodb == "inside" ? 26 : 23);
        foreach (var item in objects)
        {
            var read = Read(item);
            Missing(item, JsonNode.Parse(KubernetesJson.Serialize(read))!, "").Should().BeEmpty($"{item["kind"]} {item["metadata"]!["name"]}");
        }
        objects.Select(item => $"{item["kind"]}/{item["metadata"]!["name"]}").Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("spec", "replica")]
    [InlineData("spec.template.spec", "terminationGracePeriod")]
    [InlineData("spec.template.spec.containers.0", "envs")]
    [InlineData("spec.template.spec.containers.0.readinessProbe.httpGet", "url")]
    public async Task Reading_WhenAFieldIsUnknown_Fails(string path, string field)
    {
        var cue = await Cue.NeedAsync();
        var deployment = Deployments(cue.Kubernetes("small", "inside"))["worker"].DeepClone();
        At(deployment, path).AsObject()[field] = 1;

        var read = () => Read(deployment.AsObject());

        read.Should().Throw<JsonException>().WithMessage($"*{field}*");
    }

    [Theory]
    [MemberData(nameof(Exports))]
    public async Task Pods_StopInTime_AndAreNobodySpecial(string size, string mongodb)
    {
        var cue = await Cue.NeedAsync();
        var settings = cue.Platform(size)["settings"]!;

        foreach (var item in cue.Kubernetes(size, mongodb).Where(item => item["spec"]?["template"] is not null))
        {
            var pod = ((dynamic)Read(item)).Spec.Template.Spec as V1PodSpec;
            var container = pod!.Containers.Single();
            pod.SecurityContext.RunAsNonRoot.Should().BeTrue();
            container.SecurityContext.ReadOnlyRootFilesystem.Should().BeTrue();
            container.SecurityContext.AllowPrivilegeEscalation.Should().BeFalse();
            container.Resources.Limits.Should().ContainKey("memory");
            container.LivenessProbe.Should().NotBeNull();
            container.ReadinessProbe.Should().NotBeNull();
            (pod.TerminationGracePeriodSeconds * 1000).Should()
                .BeGreaterThan(settings["Worker"]!["DrainTimeout"]!["value"]!.GetValue<long>())
                .And.BeGreaterThan(settings["Cluster"]!["LeaveTimeout"]!["value"]!.GetValue<long>());
        }
    }

    [Fact]
    public async Task Db_And_Queue_AreNeverTwo()
    {
        var cue = await Cue.NeedAsync();

        foreach (var name in (string[])["dbmanager", "jqmanager"])
        {
            var deployment = (V1Deployment)Read(Deployments(cue.Kubernetes("large", "inside"))[name]);
            deployment.Spec.Replicas.Should().Be(1);
            deployment.Spec.Strategy.Type.Should().Be("Recreate");
            deployment.Spec.Strategy.RollingUpdate.Should().BeNull();
        }
    }

    [Fact]
    public async Task Secrets_AreOnlyReferredTo()
    {
        var cue = await Cue.NeedAsync();
        var objects = cue.Kubernetes("small", "inside");

        objects.Should().NotContain(item => (string)item["kind"]! == "Secret");
        foreach (var (name, item) in Deployments(objects))
        {
            var environment = ((V1Deployment)Read(item)).Spec.Template.Spec.Containers[0].Env;
            foreach (var variable in environment.Where(variable =>
                variable.Name is "FAAS_CLUSTER_SECRET" or "FAAS_ROLE_KEY" || (name == "dbmanager" && variable.Name == "DB_URL")))
            {
                variable.Value.Should().BeNull();
                variable.ValueFrom.SecretKeyRef.Key.Should().NotBeNullOrEmpty();
            }
            // It listens to others, so it needs the secret; or it asks others, so it needs its role's key. Never both.
            environment.Select(variable => variable.Name).Should().ContainSingle(variable =>
                variable == "FAAS_CLUSTER_SECRET" || variable == "FAAS_ROLE_KEY");
            environment.Select(variable => variable.Name).Should().OnlyHaveUniqueItems();
        }
    }

    [Fact]
    public async Task Links_AreAddressesOfServices()
    {
        var cue = await Cue.NeedAsync();
        var objects = cue.Kubernetes("small", "inside");
        var services = objects.Where(item => (string)item["kind"]! == "Service").Select(item => (V1Service)Read(item))
            .ToDictionary(service => service.Metadata.Name);

        foreach (var (_, item) in Deployments(objects))
            foreach (var variable in ((V1Deployment)Read(item)).Spec.Template.Spec.Containers[0].Env)
                if (variable.Value?.StartsWith("tcp://", StringComparison.Ordinal) == true)
                {
                    var address = new Uri(variable.Value);
                    services[address.Host].Spec.Ports.Should().Contain(port => port.Port == address.Port);
                }
        ((V1Ingress)Read(objects.Single(item => (string)item["kind"]! == "Ingress"))).Spec.Rules[0].Http.Paths[0].Backend.Service.Name
            .Should().Be("frontend");
    }

    [Fact]
    public async Task Workers_AreLeftToTheScaler()
    {
        var cue = await Cue.NeedAsync();
        var objects = cue.Kubernetes("large", "inside");

        ((V1Deployment)Read(Deployments(objects)["worker"])).Spec.Replicas.Should().BeNull();
        objects.Where(item => (string)item["kind"]! == "PodDisruptionBudget").Select(item => (string)item["metadata"]!["name"]!)
            .Should().BeEquivalentTo("frontend", "worker");
    }

    [Fact]
    public async Task Scaler_ScalesTheWorkers_AndMayDoThatOnly()
    {
        var cue = await Cue.NeedAsync();
        var objects = cue.Kubernetes("small", "inside");
        var deployments = Deployments(objects);
        var pod = ((V1Deployment)Read(deployments["scaler"])).Spec.Template.Spec;
        var environment = pod.Containers.Single().Env.ToDictionary(variable => variable.Name);

        environment["Fleet__Kind"].Value.Should().Be("Kubernetes");
        environment["KubernetesFleet__Namespace"].ValueFrom.FieldRef.FieldPath.Should().Be("metadata.namespace");
        deployments.Should().ContainKey(environment["KubernetesFleet__Deployment"].Value);
        deployments.Where(item => item.Value.ToJsonString().Contains("Fleet__", StringComparison.Ordinal)).Select(item => item.Key)
            .Should().Equal("scaler");
        // The token is there for the one account that the role is bound to.
        pod.ServiceAccountName.Should().Be("scaler");
        pod.AutomountServiceAccountToken.Should().BeTrue();
        deployments.Where(item => ((V1Deployment)Read(item.Value)).Spec.Template.Spec.AutomountServiceAccountToken != false)
            .Select(item => item.Key).Should().Equal("scaler");
        var binding = (V1RoleBinding)Read(objects.Single(item => (string)item["kind"]! == "RoleBinding"));
        binding.Subjects.Single().Should().Match<Rbacv1Subject>(subject => subject.Kind == "ServiceAccount" && subject.Name == "scaler");
        binding.RoleRef.Should().Match<V1RoleRef>(role => role.Kind == "Role" && role.Name == "scaler");
        ((V1Role)Read(objects.Single(item => (string)item["kind"]! == "Role"))).Rules
            .Select(rule => $"{string.Join(',', rule.Verbs)} {string.Join(',', rule.ApiGroups)}/{string.Join(',', rule.Resources)} "
                + string.Join(',', rule.ResourceNames ?? []))
            .Should().Equal($"get,patch apps/deployments/scale {environment["KubernetesFleet__Deployment"].Value}", "list,patch /pods ");
    }

    private static Dictionary<string, JsonObject> Deployments(IEnumerable<JsonObject> objects) => objects
        .Where(item => (string)item["kind"]! == "Deployment").ToDictionary(item => (string)item["metadata"]!["name"]!);

    private static object Read(JsonObject item)
    {
        var type = Kinds.Single(type => type.Name == "V1" + (string)item["kind"]!);
        var api = (string)type.GetField("KubeGroup")!.GetRawConstantValue()!;
        var version = (string)type.GetField("KubeApiVersion")!.GetRawConstantValue()!;
        ((string)item["apiVersion"]!).Should().Be(api.Length == 0 ? version : $"{api}/{version}");
        var read = typeof(KubernetesJson).GetMethods()
            .Single(method => method.Name == "Deserialize" && method.GetParameters()[0].ParameterType == typeof(string));
        try
        {
            return read.MakeGenericMethod(type).Invoke(null, [item.ToJsonString(), null])!;
        }
        catch (System.Reflection.TargetInvocationException error)
        {
            throw error.InnerException!;
        }
    }

    /// <summary>Paths that were written and are not in what was read.</summary>
    private static IEnumerable<string> Missing(JsonNode written, JsonNode? read, string path) => (written, read) switch
    {
        (_, null) => [path],
        (JsonObject fields, JsonObject others) => fields.SelectMany(field => Missing(field.Value!, others[field.Key], $"{path}.{field.Key}")),
        (JsonArray items, JsonArray others) when items.Count == others.Count =>
            items.SelectMany((item, at) => Missing(item!, others[at], $"{path}.{at}")),
        (JsonValue value, JsonValue other) when value.ToString() == other.ToString() => [],
        // 1000m is 1: what is written of an amount is its shortest form.
        (JsonValue value, JsonValue other) when path.Contains(".resources.", StringComparison.Ordinal)
            && new ResourceQuantity(value.ToString()).Equals(new ResourceQuantity(other.ToString())) => [],
        _ => [$"{path} is {read}"],
    };

    private static JsonNode At(JsonNode node, string path) => path.Split('.')
        .Aggregate(node, (at, step) => at is JsonArray items ? items[int.Parse(step, null)]! : at[step]!);
}
