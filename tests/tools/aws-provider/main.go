// Stands in for Terraform's AWS provider, which is too large to build for a test.
//
// It has the real one's schema (schema.json, made by `cargo xtask provider-schema`) and keeps what it is told in memory
// only: whatever the real provider would learn from AWS is made up. So OpenTofu checks every argument of the module, plans
// it and moves its state, with nothing of AWS behind it.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"log"
	"math/big"
	"sort"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

//go:embed schema.json
var schemaJSON []byte

type schemaFile struct {
	Resources   map[string]block `json:"resources"`
	DataSources map[string]block `json:"data_sources"`
}

type block struct {
	Arguments map[string]struct {
		Type     string `json:"type"`
		Required bool   `json:"required"`
	} `json:"arguments"`
	Attributes map[string]string `json:"attributes"`
	Blocks     map[string]block  `json:"blocks"`
	Required   bool              `json:"required"`
	List       bool              `json:"list"`
}

func main() {
	var file schemaFile
	if err := json.Unmarshal(schemaJSON, &file); err != nil {
		log.Fatal(err)
	}
	standIn := &provider{resources: schemas(file.Resources), dataSources: schemas(file.DataSources)}
	serve := func() tfprotov5.ProviderServer { return standIn }
	if err := tf5server.Serve("hashicorp/aws", serve); err != nil {
		log.Fatal(err)
	}
}

func schemas(blocks map[string]block) map[string]*tfprotov5.Schema {
	all := map[string]*tfprotov5.Schema{}
	for name, block := range blocks {
		all[name] = &tfprotov5.Schema{Block: block.schema(true)}
	}
	return all
}

func (b block) schema(top bool) *tfprotov5.SchemaBlock {
	schema := &tfprotov5.SchemaBlock{}
	for name, argument := range b.Arguments {
		schema.Attributes = append(schema.Attributes, &tfprotov5.SchemaAttribute{
			Name:     name,
			Type:     typeOf(argument.Type),
			Required: argument.Required,
			Optional: !argument.Required,
			// The bindings do not say which arguments have defaults: of those used here it is the path.
			Computed: top && (name == "id" || name == "path"),
		})
	}
	for name, kind := range b.Attributes {
		schema.Attributes = append(schema.Attributes, &tfprotov5.SchemaAttribute{Name: name, Type: typeOf(kind), Computed: true})
	}
	for name, inner := range b.Blocks {
		nested := &tfprotov5.SchemaNestedBlock{TypeName: name, Block: inner.schema(false), Nesting: tfprotov5.SchemaNestedBlockNestingModeList}
		if inner.Required {
			nested.MinItems = 1
		}
		if !inner.List {
			nested.MaxItems = 1
		}
		schema.BlockTypes = append(schema.BlockTypes, nested)
	}
	sort.Slice(schema.Attributes, func(i, j int) bool { return schema.Attributes[i].Name < schema.Attributes[j].Name })
	sort.Slice(schema.BlockTypes, func(i, j int) bool { return schema.BlockTypes[i].TypeName < schema.BlockTypes[j].TypeName })
	return schema
}

func typeOf(kind string) tftypes.Type {
	switch kind {
	case "string":
		return tftypes.String
	case "number":
		return tftypes.Number
	case "bool":
		return tftypes.Bool
	case "list of string":
		return tftypes.List{ElementType: tftypes.String}
	case "map of string":
		return tftypes.Map{ElementType: tftypes.String}
	}
	log.Fatalf("schema.json has the type %q", kind)
	return nil
}

// What is not asked for here answers that it is not implemented.
type provider struct {
	tfprotov5.ProviderServer
	resources, dataSources map[string]*tfprotov5.Schema
}

func (p *provider) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	metadata := &tfprotov5.GetMetadataResponse{ServerCapabilities: &tfprotov5.ServerCapabilities{}}
	for name := range p.resources {
		metadata.Resources = append(metadata.Resources, tfprotov5.ResourceMetadata{TypeName: name})
	}
	for name := range p.dataSources {
		metadata.DataSources = append(metadata.DataSources, tfprotov5.DataSourceMetadata{TypeName: name})
	}
	return metadata, nil
}

func (p *provider) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	region := &tfprotov5.SchemaAttribute{Name: "region", Type: tftypes.String, Optional: true}
	return &tfprotov5.GetProviderSchemaResponse{
		ServerCapabilities: &tfprotov5.ServerCapabilities{},
		Provider:           &tfprotov5.Schema{Block: &tfprotov5.SchemaBlock{Attributes: []*tfprotov5.SchemaAttribute{region}}},
		ResourceSchemas:    p.resources,
		DataSourceSchemas:  p.dataSources,
	}, nil
}

func (p *provider) PrepareProviderConfig(_ context.Context, request *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: request.Config}, nil
}

func (p *provider) ConfigureProvider(context.Context, *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	return &tfprotov5.ConfigureProviderResponse{}, nil
}

func (p *provider) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

func (p *provider) ValidateResourceTypeConfig(context.Context, *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	return &tfprotov5.ValidateResourceTypeConfigResponse{}, nil
}

func (p *provider) ValidateDataSourceConfig(context.Context, *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	return &tfprotov5.ValidateDataSourceConfigResponse{}, nil
}

func (p *provider) UpgradeResourceState(_ context.Context, request *tfprotov5.UpgradeResourceStateRequest) (*tfprotov5.UpgradeResourceStateResponse, error) {
	kind := p.resources[request.TypeName].ValueType()
	value, err := request.RawState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	state, err := tfprotov5.NewDynamicValue(kind, value)
	return &tfprotov5.UpgradeResourceStateResponse{UpgradedState: &state}, err
}

func (p *provider) ReadResource(_ context.Context, request *tfprotov5.ReadResourceRequest) (*tfprotov5.ReadResourceResponse, error) {
	return &tfprotov5.ReadResourceResponse{NewState: request.CurrentState}, nil
}

// What the provider says becomes unknown where something is made, and stays where it is changed.
func (p *provider) PlanResourceChange(_ context.Context, request *tfprotov5.PlanResourceChangeRequest) (*tfprotov5.PlanResourceChangeResponse, error) {
	schema := p.resources[request.TypeName]
	kind := schema.ValueType()
	proposed, err := request.ProposedNewState.Unmarshal(kind)
	if err != nil || proposed.IsNull() {
		return &tfprotov5.PlanResourceChangeResponse{PlannedState: request.ProposedNewState}, err
	}
	prior, err := request.PriorState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	planned, err := filled(schema, proposed, func(name string, kind tftypes.Type, _ map[string]tftypes.Value) tftypes.Value {
		if name == "path" {
			return tftypes.NewValue(kind, "/")
		}
		return tftypes.NewValue(kind, tftypes.UnknownValue)
	}, prior.IsNull())
	if err != nil {
		return nil, err
	}
	state, err := tfprotov5.NewDynamicValue(kind, planned)
	return &tfprotov5.PlanResourceChangeResponse{PlannedState: &state, RequiresReplace: replaced(request.TypeName, prior, proposed)}, err
}

func (p *provider) ApplyResourceChange(_ context.Context, request *tfprotov5.ApplyResourceChangeRequest) (*tfprotov5.ApplyResourceChangeResponse, error) {
	schema := p.resources[request.TypeName]
	kind := schema.ValueType()
	planned, err := request.PlannedState.Unmarshal(kind)
	if err != nil || planned.IsNull() {
		return &tfprotov5.ApplyResourceChangeResponse{NewState: request.PlannedState}, err
	}
	value, err := filled(schema, planned, made(request.TypeName), true)
	if err != nil {
		return nil, err
	}
	state, err := tfprotov5.NewDynamicValue(kind, value)
	return &tfprotov5.ApplyResourceChangeResponse{NewState: &state}, err
}

func (p *provider) ReadDataSource(_ context.Context, request *tfprotov5.ReadDataSourceRequest) (*tfprotov5.ReadDataSourceResponse, error) {
	schema := p.dataSources[request.TypeName]
	kind := schema.ValueType()
	config, err := request.Config.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	value, err := filled(schema, config, made(request.TypeName), true)
	if err != nil {
		return nil, err
	}
	state, err := tfprotov5.NewDynamicValue(kind, value)
	return &tfprotov5.ReadDataSourceResponse{State: &state}, err
}

// The two arguments whose change makes the real provider replace an object.
func replaced(typeName string, prior, proposed tftypes.Value) []*tftypes.AttributePath {
	names := map[string][]string{"aws_iam_access_key": {"user", "pgp_key"}, "aws_iam_role": {"name", "path"}}[typeName]
	if prior.IsNull() {
		return nil
	}
	was, will := fields(prior), fields(proposed)
	var paths []*tftypes.AttributePath
	for _, name := range names {
		if !was[name].Equal(will[name]) {
			paths = append(paths, tftypes.NewAttributePath().WithAttributeName(name))
		}
	}
	return paths
}

type maker func(name string, kind tftypes.Type, known map[string]tftypes.Value) tftypes.Value

// The value with everything that only the provider says, where there is nothing yet.
func filled(schema *tfprotov5.Schema, value tftypes.Value, make maker, all bool) (tftypes.Value, error) {
	known := fields(value)
	if all {
		for _, attribute := range schema.Block.Attributes {
			if field := known[attribute.Name]; attribute.Computed && (field.IsNull() || !field.IsKnown()) {
				known[attribute.Name] = make(attribute.Name, attribute.Type, known)
			}
		}
	}
	return tftypes.NewValue(schema.ValueType(), known), nil
}

func fields(value tftypes.Value) map[string]tftypes.Value {
	all := map[string]tftypes.Value{}
	if err := value.As(&all); err != nil {
		log.Fatal(err)
	}
	return all
}

// Makes up what AWS would say. ARNs are right, since the module builds on them.
func made(typeName string) maker {
	return func(name string, kind tftypes.Type, known map[string]tftypes.Value) tftypes.Value {
		switch {
		case name == "account_id":
			return tftypes.NewValue(tftypes.String, account)
		case name == "partition":
			return tftypes.NewValue(tftypes.String, "aws")
		case name == "path":
			return tftypes.NewValue(tftypes.String, "/")
		case name == "arn":
			resource := strings.TrimPrefix(typeName, "aws_iam_")
			path := text(known["path"])
			if path == "" {
				path = "/"
			}
			return tftypes.NewValue(tftypes.String, "arn:aws:iam::"+account+":"+resource+path+text(known["name"])+text(known["user_name"]))
		case kind.Is(tftypes.String):
			return tftypes.NewValue(tftypes.String, fmt.Sprintf("%s of %s%s", name, text(known["name"]), text(known["user"])))
		case kind.Is(tftypes.Number):
			return tftypes.NewValue(tftypes.Number, big.NewFloat(0))
		}
		return tftypes.NewValue(kind, nil)
	}
}

const account = "111122223333"

func text(value tftypes.Value) string {
	var text *string
	if !value.IsKnown() || value.Type() == nil || !value.Type().Is(tftypes.String) || value.As(&text) != nil || text == nil {
		return ""
	}
	return *text
}
