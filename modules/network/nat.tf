locals {
  # Zone of a private subnet => zone of the NAT gateway that it leaves through; empty without NAT.
  _nat_zone_by_zone = {
    none     = {}
    single   = { for zone in keys(var.zones) : zone => sort(keys(var.zones))[0] }
    per_zone = { for zone in keys(var.zones) : zone => zone }
  }[var.nat]

  _nat_zones = toset(values(local._nat_zone_by_zone))
}

resource "aws_eip" "nat" {
  for_each = local._nat_zones

  domain = "vpc"

  tags = merge(var.tags, { Name = "${local._name}-nat-${each.key}" })
}

resource "aws_nat_gateway" "this" {
  for_each = local._nat_zones

  allocation_id = aws_eip.nat[each.key].allocation_id
  subnet_id     = aws_subnet.public[each.key].id

  tags = merge(var.tags, { Name = "${local._name}-${each.key}" })

  # Without the way out a NAT gateway fails to start, and nothing else here refers to the internet gateway.
  depends_on = [aws_internet_gateway.this]
}

resource "aws_route" "private_internet" {
  for_each = local._nat_zone_by_zone

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[each.value].id
}
