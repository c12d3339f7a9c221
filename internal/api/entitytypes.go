package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"ledgerline/internal/catalog"
)

// entityKindModel is Oracle's LogAnalyticsEntityType.
type entityKindModel struct {
	Name           string               `json:"name"`
	InternalName   string               `json:"internalName"`
	Category       string               `json:"category"`
	CloudType      string               `json:"cloudType"`
	LifecycleState string               `json:"lifecycleState"`
	TimeCreated    *time.Time           `json:"timeCreated"`
	TimeUpdated    *time.Time           `json:"timeUpdated"`
	CompartmentID  string               `json:"compartmentId"`
	Properties     []entityTypeProperty `json:"properties"`
	etag           string
}

type entityTypeProperty struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// builtInTypes are Oracle's types met in public content, by internal name.
func builtInTypes() map[string]string {
	return map[string]string{
		"omc_opc_ics_integration": "Oracle Integration", "omc_host_linux": "Host (Linux)", "omc_host_windows": "Host (Windows)",
		"omc_oracle_db_instance": "Oracle Database Instance", "omc_oracle_pdb": "Oracle Pluggable Database", "omc_oracle_cloud_atp": "Autonomous Transaction Processing",
		"omc_oracle_cloud_adw": "Autonomous Data Warehouse", "omc_java_virtual_machine": "Java Virtual Machine",
		"oci_fusion_applications": "Fusion Applications", "oci_generic_resource": "OCI Generic Resource",
	}
}

// displayedType is the name that people see of a type.
func displayedType(internal string) string {
	return cmp.Or(builtInTypes()[internal], internal)
}

// entityTypeName finds the internal name of a type by either of its names.
func (s *Server) entityTypeName(ctx context.Context, name string) (string, error) {
	types, err := s.entityTypes(ctx)
	if err != nil {
		return "", err
	}
	for _, t := range types {
		if strings.EqualFold(t.Name, name) || strings.EqualFold(t.InternalName, name) {
			return t.InternalName, nil
		}
	}
	return "", absent("entity type %.200q is not found; create it, or list those there are", name)
}

func (s *Server) entityTypes(ctx context.Context) ([]entityKindModel, error) {
	var all []entityKindModel
	built := builtInTypes()
	for _, internal := range slices.Sorted(maps.Keys(built)) {
		kind := "NON_CLOUD"
		if strings.HasPrefix(internal, "oci_") || strings.Contains(internal, "_cloud_") || strings.Contains(internal, "_opc_") {
			kind = "CLOUD"
		}
		all = append(all, entityKindModel{Name: built[internal], InternalName: internal, Category: "Undefined", CloudType: kind, LifecycleState: "ACTIVE",
			TimeCreated: stamp(s.started), TimeUpdated: stamp(s.started), CompartmentID: s.opts.Tenancy, Properties: []entityTypeProperty{}})
	}
	list, err := s.allItems(ctx, catalog.EntityType, "")
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		t := entityKindModel{Name: v.Name, InternalName: v.ID, CloudType: "NON_CLOUD", LifecycleState: "ACTIVE", TimeCreated: stamp(v.Created),
			TimeUpdated: stamp(v.Updated), CompartmentID: v.Compartment, etag: v.Etag}
		var d entityTypeDetails
		if err := json.Unmarshal(v.Body, &d); err != nil {
			return nil, err
		}
		t.Category, t.Properties = cmp.Or(d.Category, "Undefined"), d.Properties
		all = append(all, t)
	}
	return all, nil
}

type entityTypeDetails struct {
	Name       string               `json:"name"`
	Category   string               `json:"category"`
	Properties []entityTypeProperty `json:"properties"`
}

// customType is the internal name of a type that a user makes.
func customType(name string) string {
	return "custom_" + strings.ToLower(strings.Join(strings.Fields(name), "_"))
}

func (s *Server) createEntityType(c *call) (*response, error) {
	var d entityTypeDetails
	ch, err := c.decodeChange(s.limits.MaxJSON, &d)
	if err != nil {
		return nil, err
	}
	if d.Name == "" {
		return nil, missing("name")
	}
	if d.Properties == nil {
		d.Properties = []entityTypeProperty{}
	}
	id := customType(d.Name)
	taken := func() error {
		return &Error{Status: http.StatusConflict, Code: "ResourceAlreadyExists", Message: "an entity type of this name exists already"}
	}
	for internal, name := range builtInTypes() {
		if strings.EqualFold(name, d.Name) || internal == strings.ToLower(d.Name) {
			return nil, taken()
		}
	}
	_, err = s.createItem(c, ch.text, catalog.Item{Kind: catalog.EntityType, ID: id, Name: d.Name, Compartment: s.opts.Tenancy}, d, func(change *catalog.ItemChange) error {
		if _, err := change.Find(catalog.EntityType, id, ""); !errors.Is(err, catalog.ErrNotFound) {
			return errors.Join(err, taken())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

func (s *Server) getEntityType(c *call) (*response, error) {
	types, err := s.entityTypes(c.r.Context())
	if err != nil {
		return nil, err
	}
	name := c.path["entityTypeName"]
	for _, t := range types {
		if strings.EqualFold(t.Name, name) || strings.EqualFold(t.InternalName, name) {
			return answer(t).with("etag", cmp.Or(t.etag, "builtin")), nil
		}
	}
	return nil, absent("entity type %.200q is not found", name)
}

// ownType finds the id of a type that users may change.
func (s *Server) ownType(c *call) (string, error) {
	id, err := s.entityTypeName(c.r.Context(), c.path["entityTypeName"])
	if err != nil {
		return "", err
	}
	if _, ok := builtInTypes()[id]; ok {
		return "", &Error{Status: http.StatusConflict, Code: "IncorrectState", Message: "built-in entity types cannot be changed"}
	}
	return id, nil
}

func (s *Server) updateEntityType(c *call) (*response, error) {
	id, err := s.ownType(c)
	if err != nil {
		return nil, err
	}
	var d entityTypeDetails
	if _, err := s.updateItem(c, catalog.EntityType, id, &d, func(v *catalog.Item) error { d.Name = v.Name; return nil }); err != nil {
		return nil, err
	}
	return &response{}, nil
}

func (s *Server) deleteEntityType(c *call) (*response, error) {
	id, err := s.ownType(c)
	if err != nil {
		return nil, err
	}
	entities, err := s.allItems(c.r.Context(), catalog.Entity, "")
	if err != nil {
		return nil, err
	}
	for _, v := range entities {
		if e, err := entityOf(v); err == nil && e.EntityTypeInternalName == id {
			return nil, &Error{Status: http.StatusConflict, Code: "IncorrectState", Message: "entities of this type exist, such as " + clip(e.Name, 100) + ": delete them first"}
		}
	}
	return s.removeItem(c, catalog.EntityType, id, nil)
}

func (s *Server) listEntityTypes(c *call) (*response, error) {
	var name, part, cloud, state string
	if err := c.params(map[string]*string{"name": &name, "nameContains": &part, "cloudType": &cloud, "lifecycleState": &state}); err != nil {
		return nil, err
	}
	if cloud != "" && !slices.Contains([]string{"ALL", "CLOUD", "NON_CLOUD"}, cloud) {
		return nil, invalid("cloudType must be CLOUD, NON_CLOUD or ALL")
	}
	types, err := s.entityTypes(c.r.Context())
	if err != nil {
		return nil, err
	}
	return listItems(c, types, "name", func(t entityKindModel) bool {
		return (name == "" || strings.EqualFold(name, t.Name)) && contains(t.Name, part) && (cloud == "" || cloud == "ALL" || cloud == t.CloudType) &&
			(state == "" || state == t.LifecycleState)
	}, map[string]func(entityKindModel) string{
		"name":        func(t entityKindModel) string { return t.Name },
		"timeCreated": func(t entityKindModel) string { return sortable(t.TimeCreated) },
		"timeUpdated": func(t entityKindModel) string { return sortable(t.TimeUpdated) },
	}, func(t entityKindModel) entityKindModel { return t })
}
