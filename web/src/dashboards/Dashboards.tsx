export default function Dashboards() { return null; }
