using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Talreg.Contracts.Calls;
using Talreg.Contracts.Json;
using Talreg.Contracts.Policies;

namespace Talreg.Policy.Tests;

/// <summary>The committed schema and the validator say the same of a text's form.</summary>
public sealed class PolicySchemaTests
{
    private const string All = "{\"name\":\"all\",\"verdict\":\"record\",\"retentionDays\":1,\"purpose\":\"p\"}";

    private static readonly string[] Said = ["rules", "partyLists", "channelGroups", "calendars"];

    [Fact]
    public void Schema_is_that_of_the_language_and_names_its_bounds()
    {
        var schema = JsonNode.Parse(PolicySchema.Text.Span)!;
        Assert.Equal(PolicySchema.Id, schema["$id"]!.GetValue<string>());
        var properties = schema["properties"]!;
        var rule = schema["$defs"]!["rule"]!["properties"]!;
        (JsonNode? Held, int Bound)[] bounds =
        [
            (properties["rules"]!["maxItems"], PolicyValidator.MaxRules),
            (properties["partyLists"]!["maxItems"], PolicyValidator.MaxLists),
            (properties["channelGroups"]!["maxItems"], PolicyValidator.MaxLists),
            (properties["calendars"]!["maxItems"], PolicyValidator.MaxCalendars),
            (Entries(properties["partyLists"]!), PolicyValidator.MaxParties),
            (Entries(properties["channelGroups"]!), PolicyValidator.MaxChannels),
            (Entries(properties["calendars"]!), PolicyValidator.MaxDays),
            (rule["fields"]!["maxItems"], PolicyValidator.MaxFields),
            (rule["listeners"]!["maxItems"], PolicyValidator.MaxListeners),
            (rule["rank"]!["maximum"], PolicyValidator.MaxRank),
            (rule["retentionDays"]!["maximum"], PolicyValidator.MaxRetentionDays),
            (rule["extendableToDays"]!["maximum"], PolicyValidator.MaxRetentionDays),
            (rule["preBufferSeconds"]!["maximum"], PolicyValidator.MaxPreBufferSeconds),
            (rule["pendingSeconds"]!["maximum"], PolicyValidator.MaxPendingSeconds),
            (rule["purpose"]!["maxLength"], PolicyValidator.MaxPurposeLength),
            (rule["language"]!["maxLength"], PolicyValidator.MaxLanguageLength),
            (schema["$defs"]!["party"]!["maxLength"], PolicyValidator.MaxPrefixLength),
        ];
        Assert.All(bounds, static bound => Assert.Equal(bound.Bound, bound.Held!.GetValue<int>()));
    }

    [Fact]
    public void Schema_knows_every_member_of_the_contract_and_no_other()
    {
        var schema = JsonNode.Parse(PolicySchema.Text.Span)!;
        AssertMembers(typeof(PolicyDocument), schema);
        AssertMembers(typeof(PolicyRule), schema["$defs"]!["rule"]!);
        AssertMembers(typeof(PartyCondition), schema["$defs"]!["partyCondition"]!);
        AssertMembers(typeof(TimeCondition), schema["$defs"]!["timeCondition"]!);
        AssertMembers(typeof(ConsentCondition), schema["$defs"]!["consentCondition"]!);
        AssertMembers(typeof(FieldCondition), schema["$defs"]!["fieldCondition"]!);
    }

    [Fact]
    public void Schema_takes_what_the_validator_takes_and_reads_it_back_whole() =>
        Gen.Int.Sample(
            seed =>
            {
                var document = new RandomPolicy(seed).Document(20) with { Schema = PolicySchema.Id };
                Assert.Empty(PolicyValidator.Validate(document));
                var json = JsonSerializer.SerializeToElement(document, TalregJson.Options);
                Assert.Empty(PolicySchema.Read(json, out var read));
                var again = JsonSerializer.SerializeToElement(read, TalregJson.Options);
                Assert.True(JsonElement.DeepEquals(json, again));
            },
            iter: 200);

    [Fact]
    public void Schema_reads_a_text_of_the_first_language_as_it_was_meant()
    {
        using var json = JsonDocument.Parse(
            "{\"rules\":[{\"name\":\"a\",\"channel\":\"sip1/*\",\"callingPrefix\":\"+49\",\"calledPrefix\":null,"
            + "\"direction\":\"inbound\",\"verdict\":\"onDemand\",\"retentionDays\":1,\"purpose\":\"p\","
            + "\"preBufferSeconds\":5,\"digits\":\"mask\"},"
            + "{\"name\":\"all\",\"verdict\":\"record\",\"retentionDays\":1,\"purpose\":\"p\",\"digits\":null}]}");
        Assert.Empty(PolicySchema.Read(json.RootElement, out var document));
        Assert.Empty(PolicyValidator.Validate(document));
        Assert.Equal((PolicyDuty.None, DigitHandling.Mask), (document!.Rules[0].Duty, document.Rules[0].Digits));
        Assert.Equal(DigitHandling.Store, document.Rules[1].Digits);

        // What was hashed into the ledger is what is hashed now: no member that the text does not use.
        var members = JsonSerializer.SerializeToNode(document, TalregJson.Options)!["rules"]![1]!.AsObject();
        Assert.Equal(
            ["name", "channel", "callingPrefix", "calledPrefix", "direction", "verdict", "retentionDays", "purpose"],
            members.Select(static member => member.Key));
    }

    // Each is a fault of form: the schema refuses it, and so does the validator where the text can be read all the same.
    [Theory]
    [InlineData("name", "\"Upper\"")]
    [InlineData("name", "\"-a\"")]
    [InlineData("name", "\"a\\n\"")]
    [InlineData("channel", "\"sip1\"")]
    [InlineData("channel", "\"sip1/a b\"")]
    [InlineData("callingPrefix", "\"sip:x\"")]
    [InlineData("calledPrefix", "\" \"")]
    [InlineData("tenant", "\"A\"")]
    [InlineData("interface", "\"\"")]
    [InlineData("callPurpose", "\"a b\"")]
    [InlineData("language", "\"sv_SE\"")]
    [InlineData("language", "\"1\"")]
    [InlineData("retentionDays", "0")]
    [InlineData("retentionDays", "36526")]
    [InlineData("preBufferSeconds", "61")]
    [InlineData("pendingSeconds", "-1")]
    [InlineData("rank", "101")]
    [InlineData("purpose", "\" \"")]
    [InlineData("fields", "[]")]
    [InlineData("fields", "[{\"name\":\"a b\"}]")]
    [InlineData("fields", "[{\"name\":\"a\",\"value\":\"\"}]")]
    [InlineData("listeners", "[\"\"]")]
    [InlineData("calling", "{\"number\":\"a@b\"}")]
    [InlineData("party", "{\"list\":\"No\"}")]
    [InlineData("time", "{\"zone\":\"Not here\",\"weekdays\":[\"monday\"]}")]
    [InlineData("time", "{\"zone\":\"UTC\",\"from\":\"24:00\",\"to\":\"01:00\"}")]
    [InlineData("time", "{\"zone\":\"UTC\",\"weekdays\":[]}")]
    [InlineData("consent", "{\"purpose\":\"A\",\"state\":\"given\"}")]
    public void Schema_and_validator_refuse_the_same(string member, string held)
    {
        var rule = JsonNode.Parse("{\"name\":\"r\",\"verdict\":\"record\",\"retentionDays\":1,\"purpose\":\"p\"}")!;
        rule[member] = JsonNode.Parse(held);
        var text = new JsonObject
        {
            ["rules"] = new JsonArray(rule, JsonNode.Parse(All)),
        };
        var fault = Assert.Single(PolicySchema.Read(JsonSerializer.SerializeToElement(text), out var none));
        Assert.Null(none);
        Assert.Contains(member, fault, StringComparison.Ordinal);
        Assert.NotEmpty(PolicyValidator.Validate(text.Deserialize<PolicyDocument>(TalregJson.Options)));
    }

    // What a schema cannot say is the validator's alone; the schema's comment lists it.
    [Theory]
    [InlineData("duty", "\"mustNotRecord\"")]
    [InlineData("rank", "1")]
    [InlineData("extendableToDays", "1")]
    [InlineData("pendingSeconds", "1")]
    [InlineData("calling", "{}")]
    [InlineData("calling", "{\"number\":\"1\",\"prefix\":\"1\"}")]
    [InlineData("called", "{\"list\":\"unknown\"}")]
    [InlineData("channelGroup", "\"unknown\"")]
    [InlineData("time", "{\"zone\":\"Europe/Nowhere\",\"weekdays\":[\"monday\"]}")]
    [InlineData("time", "{\"zone\":\"UTC\"}")]
    [InlineData("time", "{\"zone\":\"UTC\",\"from\":\"10:00\"}")]
    [InlineData("fields", "[{\"name\":\"a\",\"value\":\"1\",\"prefix\":\"1\"}]")]
    public void Validator_refuses_what_only_it_can_tell(string member, string held)
    {
        var rule = JsonNode.Parse("{\"name\":\"r\",\"channel\":\"sip1/1\",\"verdict\":\"record\","
            + "\"retentionDays\":1,\"purpose\":\"p\"}")!;
        rule[member] = JsonNode.Parse(held);
        var text = new JsonObject
        {
            ["rules"] = new JsonArray(rule, JsonNode.Parse(All)),
        };
        Assert.Empty(PolicySchema.Read(JsonSerializer.SerializeToElement(text), out var document));
        var fault = Assert.Single(PolicyValidator.Validate(document));
        Assert.Equal(("r", member), (fault.Rule, fault.Member));
    }

    [Theory]
    [InlineData("partyLists", "*")]
    [InlineData("partyLists", "sip:x")]
    [InlineData("channelGroups", "sip1")]
    [InlineData("calendars", "2026-02-30")]
    public void Validator_refuses_an_entry_that_is_none(string member, string entry)
    {
        Assert.Contains(member, Said);
        PolicyList[] lists = [new PolicyList("l", [entry])];
        var document = DefaultPolicy.Document with
        {
            PartyLists = member == "partyLists" ? lists : null,
            ChannelGroups = member == "channelGroups" ? lists : null,
            Calendars = member == "calendars" ? lists : null,
        };
        var fault = Assert.Single(PolicyValidator.Validate(document));
        Assert.Equal(member, fault.Member);
        Assert.Contains(entry, fault.Message, StringComparison.Ordinal);
    }

    private static JsonNode? Entries(JsonNode lists) => lists["items"]!["properties"]!["entries"]!["maxItems"];

    private static void AssertMembers(Type contract, JsonNode schema) => Assert.Equal(
        TalregJson.Options.GetTypeInfo(contract).Properties.Select(static property => property.Name).Order(),
        schema["properties"]!.AsObject().Select(static property => property.Key).Order());
}
