package api

type namespaceModel struct {
	NamespaceName      string `json:"namespaceName"`
	CompartmentID      string `json:"compartmentId"`
	IsOnboarded        bool   `json:"isOnboarded"`
	IsLogSetEnabled    bool   `json:"isLogSetEnabled"`
	IsDataEverIngested bool   `json:"isDataEverIngested"`
	IsArchivingEnabled bool   `json:"isArchivingEnabled"`
	LifecycleState     string `json:"lifecycleState"`
}

// namespace of the tenancy: it has exactly one, and it is always onboarded.
func (s *Server) namespace(c *call) (namespaceModel, error) {
	ever, err := s.Catalog.Ingested(c.r.Context())
	return namespaceModel{NamespaceName: s.opts.Namespace, CompartmentID: s.opts.Tenancy, IsOnboarded: true,
		IsDataEverIngested: ever, LifecycleState: "ACTIVE"}, err
}

func (s *Server) listNamespaces(c *call) (*response, error) {
	compartment, err := c.need("compartmentId")
	if err != nil {
		return nil, err
	}
	items := []namespaceModel{}
	if compartment == s.opts.Tenancy {
		n, err := s.namespace(c)
		if err != nil {
			return nil, err
		}
		items = append(items, n)
	}
	return answer(collection(items)), nil
}

func (s *Server) getNamespace(c *call) (*response, error) {
	n, err := s.namespace(c)
	if err != nil {
		return nil, err
	}
	return answer(n), nil
}
